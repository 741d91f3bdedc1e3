// Page of the live view: the frames of the running agents.

import { html, useEffect, useState } from "../vendor/preact-htm.js";
import { useTitle } from "../hooks.js";
import { Stream } from "../net.js";
import { Empty, State } from "../ui.js";
import { amount, short, spaced } from "../format.js";

const CONNECTION = {
  live: ["live", "live"],
  connecting: ["connecting", "connecting"],
  lost: ["lost", "connection lost, trying again"],
};

export function Arena() {
  useTitle("Arena");
  const [frames, setFrames] = useState(new Map());
  const [connection, setConnection] = useState("connecting");
  const [still, setStill] = useState(false);
  useEffect(() => {
    if (still) return undefined;
    const seen = (update) =>
      setFrames((before) => {
        const after = new Map(before);
        for (const place of update.gone) after.delete(place);
        for (const frame of update.frames) after.set(frame.place, frame);
        return after;
      });
    const begin = () => new Stream("/arena", { seen, state: setConnection });
    let stream = begin();
    // A hidden page closes its stream, so that the server makes no frames for it.
    const look = () => {
      stream?.close();
      stream = document.visibilityState === "visible" ? begin() : null;
    };
    document.addEventListener("visibilitychange", look);
    return () => {
      document.removeEventListener("visibilitychange", look);
      stream?.close();
    };
  }, [still]);
  const shown = [...frames.values()].sort((one, other) => one.experiment.localeCompare(other.experiment) || one.worker - other.worker);
  const [state, label] = still ? ["over", "stopped"] : CONNECTION[connection];
  return html`
    <div class="head">
      <div>
        <h1>Arena</h1>
        <div class="facts"><span>frames of the running agents, in their view</span><${State} state=${state} label=${label} /></div>
      </div>
      <div class="actions"><button class="button" aria-pressed=${still} onClick=${() => setStill(!still)}>${still ? "Resume the view" : "Pause the view"}</button></div>
    </div>
    ${shown.length
      ? html`<ul class="arena">${shown.map((frame) => html`<${Card} key=${frame.place} frame=${frame} />`)}</ul>`
      : html`<${Empty} title="No running episodes"><p>Frames appear when an experiment runs.</p><//>`}
  `;
}

function Card({ frame }) {
  const width = (element) => element && (element.style.width = `${Math.min(Math.max(frame.health, 0), 100)}%`);
  return html`
    <li>
      <img src=${frame.image} width=${frame.width} height=${frame.height} alt=${`What ${short(frame.agent)} sees`} />
      <div class="over">
        <div class="life" role="img" aria-label=${`health ${amount(frame.health)}`}><i ref=${width}></i></div>
        <p><strong><a href=${`/agents/${encodeURIComponent(frame.agent)}`}>${short(frame.agent)}</a></strong><a href=${`/experiments/${encodeURIComponent(frame.experiment)}`}>${frame.experiment}</a></p>
        <p><span>health ${amount(frame.health)}</span><span>kills ${amount(frame.kills)}</span><span>${(frame.tic / 35).toFixed(1)} s</span></p>
        <p class="held">${frame.held.length ? frame.held.map((name) => html`<kbd key=${name}>${spaced(name).toLowerCase()}</kbd>`) : html`<span class="faint">no button</span>`}</p>
        <p class="hint">${spaced(frame.purpose)} episode ${frame.number}</p>
      </div>
    </li>
  `;
}
