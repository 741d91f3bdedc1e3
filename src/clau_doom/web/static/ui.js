// Shared components of pages.

import { html, useEffect, useRef, useState } from "./vendor/preact-htm.js";
import { Ended } from "./net.js";
import { amount, count } from "./format.js";

export const State = ({ state, label = state }) => html`<span class="state ${state}">${label}</span>`;

export const Waiting = () =>
  html`<div role="status" aria-label="loading"><div class="waiting"></div><div class="waiting"></div></div>`;

export const Empty = ({ title, children }) => html`<div class="empty"><h2>${title}</h2>${children}</div>`;

// Error message, which may appear above older data.
export const Failure = ({ error, again }) => html`
  <div class=${`note ${error instanceof Ended ? "" : "bad"}`} role="alert">
    <span>${error.message}</span>
    ${again && !(error instanceof Ended) && html`<button class="button quiet" onClick=${() => again(true)}>Try again</button>`}
  </div>
`;

export const Panel = ({ title, hint, width = "", actions, children, id }) => html`
  <section class="panel ${width}" aria-labelledby=${id}>
    <header>
      <h2 id=${id}>${title}</h2>
      ${hint && html`<p class="hint">${hint}</p>`} ${actions}
    </header>
    ${children}
  </section>
`;

export const Tiles = ({ tiles }) => html`
  <dl class="tiles">
    ${tiles.map(([name, value, more]) => html`<div class="tile" key=${name}><dt>${name}</dt><dd>${value} ${more && html`<small>${more}</small>`}</dd></div>`)}
  </dl>
`;

export const Meter = ({ done, planned, label }) => {
  const share = planned ? Math.min(done / planned, 1) : 0;
  const bar = (element) => element && (element.style.width = `${share * 100}%`);
  return html`
    <div class="meter ${share === 1 ? "done" : ""}" role="progressbar" aria-label=${label} aria-valuemin="0" aria-valuemax=${planned} aria-valuenow=${done}>
      <div ref=${bar}></div>
    </div>
  `;
};

// A small line chart without axes, which shows a trend.
export function Sparkline({ values, label }) {
  const shown = values.filter((value) => value !== null);
  if (shown.length < 2) return html`<span class="faint">${shown.length ? "one generation" : "no generation yet"}</span>`;
  const low = Math.min(...shown);
  const span = Math.max(...shown) - low || 1;
  const points = shown.map((value, at) => `${(at / (shown.length - 1)) * 100},${37 - ((value - low) / span) * 34}`);
  return html`
    <svg class="spark" viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label=${label}>
      <path d=${`M${points.join("L")}`} />
    </svg>
  `;
}

// A table that can be sorted by any column. `columns`: {name, label, value, show, number}.
export function Table({ caption, columns, rows, sort, most = 60, rowKey }) {
  const [by, setBy] = useState(sort ?? { name: columns[0].name, down: false });
  const [all, setAll] = useState(false);
  const column = columns.find(({ name }) => name === by.name) ?? columns[0];
  const sorted = [...rows].sort((one, other) => compare(column.value(one), column.value(other), by.down));
  const shown = all ? sorted : sorted.slice(0, most);
  const turn = (name) => setBy({ name, down: by.name === name ? !by.down : Boolean(columns.find((it) => it.name === name).number) });
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <caption class="announce">${caption}</caption>
        <thead>
          <tr>
            ${columns.map(
              (it) => html`
                <th key=${it.name} scope="col" class=${it.number ? "number" : ""} aria-sort=${by.name === it.name ? (by.down ? "descending" : "ascending") : undefined}>
                  <button onClick=${() => turn(it.name)}>${it.label}${by.name === it.name ? (by.down ? " ↓" : " ↑") : ""}</button>
                </th>
              `,
            )}
          </tr>
        </thead>
        <tbody>
          ${shown.map((row) => html`<tr key=${rowKey(row)}>${columns.map((it) => html`<td key=${it.name} class=${`${it.number ? "number" : ""} ${it.wrap ? "wrap" : ""}`}>${(it.show ?? it.value)(row)}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>
    ${sorted.length > shown.length && html`<button class="button quiet" onClick=${() => setAll(true)}>Show all ${count(sorted.length, "row")}</button>`}
  `;
}

// Missing values come last in both directions.
function compare(one, other, down) {
  const none = (value) => value === null || value === undefined || Number.isNaN(value);
  if (none(one) || none(other)) return none(one) - none(other);
  const order = typeof one === "string" ? one.localeCompare(other, "en", { numeric: true }) : one - other;
  return down ? -order : order;
}

// The data of a chart as a table, for users who cannot see the chart or who need the numbers.
export const Numbers = ({ caption, headings, rows }) => html`
  <details class="numbers">
    <summary>Show the values</summary>
    <div class="scroll" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <caption>${caption}</caption>
        <thead><tr>${headings.map((heading) => html`<th scope="col" class="number" key=${heading}>${heading}</th>`)}</tr></thead>
        <tbody>
          ${rows.map((row, at) => html`<tr key=${at}>${row.map((value, place) => html`<td class="number" key=${place}>${typeof value === "number" || value === null ? amount(value) : value}</td>`)}</tr>`)}
        </tbody>
      </table>
    </div>
  </details>
`;

// A button that runs an action on the server and shows the result.
export function Action({ label, work, done, danger, confirm, disabled }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const dialog = useRef(null);
  const note = useRef(null);
  const act = async () => {
    setBusy(true);
    setError(null);
    try {
      await work(note.current?.value.trim() ?? "");
      done?.();
    } catch (failure) {
      setError(failure);
    }
    setBusy(false);
  };
  useEffect(() => {
    if (!error) return undefined;
    const timer = setTimeout(() => setError(null), 12000);
    return () => clearTimeout(timer);
  }, [error]);
  return html`
    <span>
      <button class="button ${danger ? "danger" : ""}" disabled=${busy || disabled} onClick=${() => (confirm ? dialog.current.showModal() : act())}>${label}</button>
      ${error && html`<span class="bad" role="alert"> ${error.message}</span>`}
      ${confirm &&
      html`
        <dialog ref=${dialog} aria-label=${label}>
          <p>${confirm}</p>
          <form method="dialog">
            <label>Reason, for the audit log <input ref=${note} maxlength="500" autocomplete="off" /></label>
            <div class="actions">
              <button class="button" type="button" onClick=${() => dialog.current.close()}>Keep it</button>
              <button class="button danger" onClick=${act}>${label}</button>
            </div>
          </form>
        </dialog>
      `}
    </span>
  `;
}

export const AgentLink = ({ id, label }) => html`<a class="mono" href=${`/agents/${encodeURIComponent(id)}`}>${label}</a>`;
