// Page of all experiments, the most recently changed first.

import { html } from "../vendor/preact-htm.js";
import { useAnswer, useTitle } from "../hooks.js";
import { CHANGES, STARTS, post } from "../net.js";
import { Action, Empty, Failure, Meter, Sparkline, State, Waiting } from "../ui.js";
import { ago, count, duration, number, spaced } from "../format.js";

export function Experiments() {
  useTitle("Experiments");
  const { data, error, again } = useAnswer("/experiments", { every: 2000 });
  return html`
    <div class="head">
      <h1>Experiments</h1>
      ${STARTS && html`<div class="actions"><a class="button primary" href="/new">New experiment</a></div>`}
    </div>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${data?.draining && html`<div class="note" role="status">The server is shutting down and starts no experiments.</div>`}
    ${data?.unreadable.map(({ id, reason }) => html`<div class="note bad" role="status" key=${id}><strong>${id}</strong><span>cannot be read: ${reason}</span></div>`)}
    ${!data ? !error && html`<${Waiting} />` : data.experiments.length ? html`<${List} rows=${data.experiments} again=${again} />` : html`<${None} />`}
  `;
}

const None = () => html`
  <${Empty} title="No experiment yet">
    <p>An experiment evolves agents that play DOOM. Start one here, or on the command line:</p>
    <pre>clau-doom run -c examples/quickstart.yaml</pre>
    ${STARTS && html`<p style=${{ marginTop: "18px" }}><a class="button primary" href="/new">Start an experiment</a></p>`}
  <//>
`;

const List = ({ rows, again }) => html`
  <ul class="experiments">
    ${rows.map((row) => html`<${Row} key=${row.id} row=${row} again=${again} />`)}
  </ul>
`;

const Row = ({ row, again }) => html`
  <li class="experiment">
    <div class="identity">
      <a class="name" href=${`/experiments/${encodeURIComponent(row.id)}`}>${row.id}</a>
      <div class="facts">
        <${State} state=${row.state} />
        <span>${spaced(row.scenario)}</span>
        <span>${row.policy} policy, ${row.evolution}</span>
      </div>
    </div>
    <div>
      <${Meter} done=${row.budget.spent} planned=${row.budget.amount} label=${`${row.budget.unit} of ${row.id}`} />
      <span class="hint">${row.budget.spent.toLocaleString("en")} of ${count(row.budget.amount, row.budget.unit.slice(0, -1))}</span>
    </div>
    <${Sparkline} values=${row.best_by_generation} label=${`best fitness of ${row.id} by generation`} />
    <div>
      <div class="value">${number(row.best_fitness)}</div>
      <div class="hint">best in training</div>
    </div>
    <div>
      <div class="hint">${row.episodes_per_second ? `${number(row.episodes_per_second)} episodes/s` : "no episodes"}</div>
      <div class="hint">${duration(row.running_seconds)} · ${ago(row.last_activity)}</div>
      <${Steering} row=${row} again=${again} small />
    </div>
  </li>
`;

// Whether another process runs an experiment, which this server can show but not control.
export const isElsewhere = (row) => !row.here && (row.state === "running" || row.state === "paused");

export function Steering({ row, again }) {
  if (!CHANGES) return null;
  if (isElsewhere(row)) return html`<p class="hint">run by another process: <code>clau-doom pause ${row.id}</code> controls it</p>`;
  const steer = (verb) => (note) => post(`/experiments/${encodeURIComponent(row.id)}/${verb}`, "", { note });
  const done = () => again(true);
  const running = row.state === "running";
  const waiting = row.state === "paused" || row.state === "interrupted";
  if (!running && !waiting && row.state !== "pending") return null;
  return html`
    <div class="actions">
      ${running && html`<${Action} label="Pause" work=${steer("pause")} done=${done} />`}
      ${waiting && html`<${Action} label="Resume" work=${steer("resume")} done=${done} />`}
      <${Action} label="Cancel" danger work=${steer("cancel")} done=${done} confirm=${`Cancel ${row.id}? Its episodes are kept, but it cannot be resumed.`} />
    </div>
  `;
}
