// Page for a new experiment, from a configuration that the user writes, pastes or drops.

import { html, useEffect, useRef, useState } from "../vendor/preact-htm.js";
import { useTitle } from "../hooks.js";
import { post } from "../net.js";
import { count } from "../format.js";

const CHECK_AFTER = 400;

const EXAMPLE = `name: my-experiment
seed: 1
generations: 10
population: 12
episodes: 4
scenario: {name: defend_the_center}
policy: {kind: rules}
fitness: kills
`;

export function NewExperiment({ go }) {
  useTitle("New experiment");
  const [text, setText] = useState(EXAMPLE);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const area = useRef(null);
  const checking = useRef(null);
  // Problems are shown shortly after the last key press, and not only after Start.
  useEffect(() => {
    const control = new AbortController();
    checking.current = control;
    const timer = setTimeout(() => {
      post("/check", text, { signal: control.signal }).then(
        ({ error: found }) => control.signal.aborted || setError(found && { problems: [], ...found }),
        () => {}, // Start reports problems of the connection
      );
    }, CHECK_AFTER);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [text]);
  const wrong = new Map((error?.problems ?? []).filter(({ line }) => line).map(({ line, text: why }) => [line, why]));
  const start = async () => {
    checking.current?.abort(); // a check that ends later would report an existing name
    setBusy(true);
    setError(null);
    try {
      const { id } = await post("/experiments", text);
      go(`/experiments/${encodeURIComponent(id)}`);
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  const drop = async (event) => {
    event.preventDefault();
    setOver(false);
    const [file] = event.dataTransfer.files;
    if (file) change(await file.text());
  };
  const change = (value) => setText(value);
  const jump = (line) => {
    const before = text.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.current.focus();
    area.current.setSelectionRange(before, before + text.split("\n")[line - 1].length);
  };
  return html`
    <div class="head">
      <div><h1>New experiment</h1><p class="hint">Write a configuration, paste one, or drop a YAML file.</p></div>
      <div class="actions"><button class="button primary" disabled=${busy} onClick=${start}>${busy ? "Starting …" : "Start"}</button></div>
    </div>
    <div class="editor">
      <div class=${`paper ${over ? "over" : ""}`} onDragOver=${(event) => (event.preventDefault(), setOver(true))} onDragLeave=${() => setOver(false)} onDrop=${drop}>
        <${Lines} text=${text} wrong=${wrong} area=${area} />
        <textarea
          ref=${area}
          aria-label="The configuration, as YAML"
          aria-invalid=${error ? "true" : "false"}
          spellcheck="false"
          autocomplete="off"
          value=${text}
          onInput=${(event) => change(event.target.value)}
        ></textarea>
      </div>
      <div role="status">${error ? html`<${Problems} error=${error} jump=${jump} />` : html`<${Help} />`}</div>
    </div>
  `;
}

function Lines({ text, wrong, area }) {
  const place = useRef(null);
  useEffect(() => {
    const follow = () => (place.current.scrollTop = area.current.scrollTop);
    area.current.addEventListener("scroll", follow);
    return () => area.current?.removeEventListener("scroll", follow);
  }, []);
  return html`<div class="lines" aria-hidden="true" ref=${place}>${text.split("\n").map((_, at) => html`<div key=${at} class=${wrong.has(at + 1) ? "bad" : ""}>${at + 1}</div>`)}</div>`;
}

const Problems = ({ error, jump }) => html`
  <h2 class="bad">${error.problems.length ? count(error.problems.length, "problem") : "The configuration is not valid"}</h2>
  ${error.problems.length
    ? html`
        <ul class="problems" style=${{ marginTop: "10px" }}>
          ${error.problems.map(
            ({ path, text, line }) => html`
              <li key=${path + text}>
                <button onClick=${() => line && jump(line)}><strong>${path || "configuration"}</strong> ${line ? html`<span class="faint">line ${line}</span>` : ""}<br />${text}</button>
              </li>
            `,
          )}
        </ul>
      `
    : html`<p style=${{ marginTop: "10px", overflowWrap: "anywhere" }}>${error.message}</p>`}
`;

const Help = () => html`
  <div class="panel">
    <h2>Help</h2>
    <p class="hint" style=${{ marginTop: "8px" }}>
      Everything has a default. <code>clau-doom config schema</code> prints every field with its meaning, and
      ${" "}<code>clau-doom scenarios</code> the games that are bundled. Policies, scenario files and images of your own
      must be on the server's lists.
    </p>
  </div>
`;
