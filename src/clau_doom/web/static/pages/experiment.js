// Page of one experiment, updated live: generations, agents of the last one, and events.

import { html, useMemo, useState } from "../vendor/preact-htm.js";
import { EliteMap, FitnessChart, GeneStrip, Scatter } from "../charts.js";
import { useAnswer, useEvents, useThrottled, useTitle } from "../hooks.js";
import { Ended } from "../net.js";
import { AgentLink, Empty, Failure, Panel, State, Table, Tiles, Waiting } from "../ui.js";
import { amount, count, duration, interval, number, numberInInterval, short, spaced } from "../format.js";
import { Steering, isElsewhere } from "./experiments.js";

const MOST_EVENTS = 300;
// CSS classes of the severities of events.
const TONES = { routine: "faint", info: "good", success: "good", warning: "warn", error: "bad" };
const GENERATION = new Set(["generation_started", "generation_completed", "experiment_started", "champion_chosen"]);

export function Experiment({ argument: id }) {
  useTitle(id);
  const path = `/experiments/${encodeURIComponent(id)}`;
  const whole = useAnswer(path, { every: 10000 });
  const [generation, setGeneration] = useState(null);
  const population = useAnswer(`${path}/population${generation === null ? "" : `?generation=${generation}`}`);
  const genes = useAnswer(`${path}/genes`);
  const map = useAnswer(`${path}/map`);
  const [events, setEvents] = useState([]);
  const look = useThrottled(() => {
    whole.again();
    if (generation === null) population.again();
  }, 1000);
  const lookAtGenes = useThrottled(() => {
    genes.again();
    map.again();
  }, 3000);
  const begun = whole.data && Math.max(whole.data.last_sequence - 60, 0);
  const follows = Boolean(whole.data && isElsewhere(whole.data));
  const connection = useEvents(id, begun ?? null, follows, (event) => {
    setEvents((before) => [event, ...before].slice(0, MOST_EVENTS));
    look();
    if (GENERATION.has(event.kind)) lookAtGenes();
  });
  const { error } = whole;
  const ended = error instanceof Ended;
  const data = ended && whole.data ? { ...whole.data, state: error.state } : whole.data;
  const standing = ended ? "over" : connectionOf(connection, data);
  if (!data) return error ? html`<${Failure} error=${error} again=${whole.again} />` : html`<${Waiting} />`;
  return html`
    <${Head} data=${data} again=${whole.again} connection=${standing} />
    ${error && html`<${Failure} error=${error} again=${whole.again} />`}
    ${data.reason && html`<div class="note" role="status"><strong>${data.state}</strong><span>${data.reason}</span></div>`}
    ${data.deviations.total > 0 && html`<${Deviations} deviations=${data.deviations} />`}
    ${data.saturation && html`<div class="note" role="status" id="saturation"><strong>saturated</strong><span>${data.saturation}</span></div>`}
    <${Facts} data=${data} />
    <div class="grid">
      <${Fitness} data=${data} />
      <${data.champion ? Champion : Happened} data=${data} events=${events} connection=${standing} />
      <${Population} answer=${population} experiment=${data} generation=${generation} choose=${setGeneration} />
      <${Spread} answer=${population} />
      <${Genes} answer=${genes} />
      <${Behaviours} answer=${map} />
      ${data.champion && html`<${Happened} events=${events} connection=${standing} />`}
      <${Failures} failures=${data.failures} />
      <${Configuration} data=${data} />
    </div>
  `;
}

const CONNECTION = {
  live: ["live", "live"],
  connecting: ["connecting", "connecting"],
  lost: ["lost", "connection lost, trying again"],
  elsewhere: ["live", "run by another process"],
  over: ["over", "not running"],
};

// The page follows another process's run by restarting its stream, which ends at the current end of the log.
const connectionOf = (connection, data) => (data && isElsewhere(data) && connection !== "lost" ? "elsewhere" : connection);

const Head = ({ data, again, connection }) => html`
  <div class="head">
    <div>
      <p class="crumbs"><a href="/">Experiments</a></p>
      <h1>${data.id}</h1>
      <div class="facts">
        <${State} state=${data.state} />
        <span>${spaced(data.scenario)}</span>
        <span>${data.policy} policy</span>
        <span>${data.evolution}</span>
        <span>seed ${data.seed}</span>
        <span>${data.backend} backend</span>
        <${State} state=${CONNECTION[connection][0]} label=${CONNECTION[connection][1]} />
      </div>
    </div>
    <div class="actions">
      <${Steering} row=${data} again=${again} />
      ${data.generations.length > 0 && html`<a class="button" href=${`/report?ids=${encodeURIComponent(data.id)}`}>Report</a>`}
      <a class="button" href=${`/compare?ids=${encodeURIComponent(data.id)}`}>Compare</a>
    </div>
  </div>
`;

const Deviations = ({ deviations }) => html`
  <div class="note" role="status">
    <strong>${count(deviations.total, "deviation")}</strong>
    <span>
      The history depends on more than the seed:
      ${" "}${Object.entries(deviations)
        .filter(([name, value]) => name !== "total" && value > 0)
        .map(([name, value]) => `${value} ${spaced(name)}`)
        .join(", ")}.
    </span>
  </div>
`;

function Facts({ data }) {
  const tiles = [
    ["generations", data.generations_finished, planned(data)],
    ["best in training", number(data.best_fitness), data.fitness],
    ["last mean", ...lastMean(data.generations.at(-1))],
    ["episodes", data.episodes_played.toLocaleString("en"), data.episodes_per_second ? `${number(data.episodes_per_second)}/s` : ""],
    ["ran for", duration(data.running_seconds), ""],
    ["agents failed", data.failures.length, ""],
  ];
  return html`<${Tiles} tiles=${tiles} />`;
}

const planned = ({ budget, generations_planned: generations }) =>
  generations === null
    ? `${budget.spent.toLocaleString("en")} of ${count(budget.amount, budget.unit.slice(0, -1))}`
    : `of ${generations}`;

const lastMean = (row) => (row ? [numberInInterval(row.mean, row.low, row.high), interval(row)] : [number(null), ""]);

const Fitness = ({ data }) => html`
  <${Panel}
    id="fitness"
    title="Fitness in training"
    hint="the best agent was selected by this fitness, which is biased upwards"
    width="w8"
    actions=${html`<div class="legend" aria-hidden="true"><span class="ink">best agent</span><span>mean</span><span class="band">95 % interval of the mean over agents</span><span class="faint">worst</span></div>`}
  >
    ${data.generations.length
      ? html`<${FitnessChart} generations=${data.generations} unit=${data.budget.unit} name=${`fitness (${data.fitness})`} />`
      : html`<${Empty} title="No generation is finished yet"><p>The curve starts with the first generation.</p><//>`}
  <//>
`;

const Champion = ({ data }) => html`
    <${Panel} id="champion" title="Champion" width="w4">
      <p><a class="name" href=${`/agents/${encodeURIComponent(data.champion.agent)}`}>${short(data.champion.agent)}</a></p>
      <p class="hint">Chosen on validation seeds, with a fitness of ${number(data.champion.validation_fitness)} there.</p>
      ${data.held_out.length > 0 && html`<${HeldOut} rows=${data.held_out}/>`}
    <//>
  `;

const HeldOut = ({ rows }) => html`
  <div class="scroll" tabindex="0" role="region" aria-label="On held-out seeds">
    <table style=${{ marginTop: "14px" }}>
      <caption>Results on held-out seeds, which are not used for selection</caption>
      <thead><tr><th scope="col">agent</th><th scope="col" class="number">fitness</th><th scope="col" class="number">n</th></tr></thead>
      <tbody>
        ${rows.map(
          (row) => html`
            <tr key=${row.agent}>
              <th scope="row">${row.role}</th>
              <td class="number">${numberInInterval(row.mean, row.low, row.high)} <span class="faint">${interval(row)}</span></td>
              <td class="number">${row.n}</td>
            </tr>
          `,
        )}
      </tbody>
    </table>
  </div>
`;

function Population({ answer, experiment, generation, choose }) {
  const { data, error, again } = answer;
  const started = experiment.generations_started;
  const columns = useMemo(() => populationColumns(experiment), [experiment.measures.join()]);
  const picker = html`
    <div class="choices">
      <label>generation
        <select value=${generation ?? ""} onChange=${(event) => choose(event.target.value === "" ? null : Number(event.target.value))}>
          <option value="">the last</option>
          ${Array.from({ length: started }, (_, at) => html`<option key=${at} value=${at}>${at}</option>`)}
        </select>
      </label>
    </div>
  `;
  return html`
    <${Panel} id="population" title="Population" hint=${data?.generation === null ? "" : data && `generation ${data.generation}${data.finished ? "" : ", being evaluated"}`} actions=${picker}>
      ${error && !(error instanceof Ended) && html`<${Failure} error=${error} again=${again} />`}
      ${data &&
      (data.agents.length
        ? html`<${Table} caption=${`Agents of generation ${data.generation}`} columns=${columns} rows=${data.agents} rowKey=${(row) => row.id} sort=${{ name: "fitness", down: true }} most=${12} />`
        : html`<${Empty} title="No agents yet"><p>The first generation has not started.</p><//>`)}
    <//>
  `;
}

const populationColumns = (experiment) => [
  { name: "agent", label: "agent", value: (row) => row.index, show: (row) => html`<${AgentLink} id=${row.id} label=${short(row.id)} />` },
  { name: "status", label: "status", value: (row) => (row.paused ? "paused" : row.status), show: (row) => html`<${State} state=${row.paused ? "paused" : row.status === "pending" && row.episodes_finished ? "running" : row.status} label=${row.paused ? "paused" : row.status === "pending" && row.episodes_finished ? "playing" : row.status} />` },
  { name: "fitness", label: "fitness", number: true, value: (row) => row.fitness, show: (row) => html`<strong>${number(row.fitness)}</strong>` },
  ...experiment.measures.map((measure) => ({ name: measure, label: spaced(measure), number: true, value: (row) => row.measures?.[measure] ?? null, show: (row) => amount(row.measures?.[measure] ?? null) })),
  { name: "episodes", label: "episodes", number: true, value: (row) => row.episodes_finished },
  { name: "operator", label: "operator", value: (row) => row.operator },
  { name: "parents", label: "parents", value: (row) => row.parents.map(short).join(" "), show: (row) => (row.parents.length ? row.parents.map((parent, at) => html`${at ? " " : ""}<${AgentLink} id=${parent} label=${short(parent)} />`) : html`<span class="faint">none</span>`) },
];

function Spread({ answer: { data } }) {
  const axes = useMemo(() => (data ? [
    { name: "fitness", label: "fitness" },
    ...data.measures.map((name) => ({ name: `measure ${name}`, label: spaced(name), measure: name })),
    ...data.genes.map((gene, at) => ({ name: `gene ${gene.name}`, label: gene.name, gene: at })),
  ] : []), [data?.measures.join(), data?.genes.map((gene) => gene.name).join()]);
  const [chosen, setChosen] = useState({ x: null, y: "fitness" });
  if (!data?.agents.length) return null;
  const find = (name) => axes.find((axis) => axis.name === name);
  const x = find(chosen.x) ?? axes.find((axis) => axis.gene === 0) ?? find("measure kills");
  const y = find(chosen.y) ?? axes[0];
  const of = (agent, axis) => (axis.gene !== undefined ? agent.genes[axis.gene] : axis.measure ? (agent.measures?.[axis.measure] ?? null) : agent.fitness);
  const pick = (which, label, now) => html`
    <label>${label}
      <select value=${now.name} onChange=${(event) => setChosen((before) => ({ ...before, [which]: event.target.value }))}>
        <option value="fitness">fitness</option>
        <optgroup label="measures">${axes.filter((axis) => axis.measure).map((axis) => html`<option key=${axis.name} value=${axis.name}>${axis.label}</option>`)}</optgroup>
        <optgroup label="genes">${axes.filter((axis) => axis.gene !== undefined).map((axis) => html`<option key=${axis.name} value=${axis.name}>${axis.label}</option>`)}</optgroup>
      </select>
    </label>
  `;
  return html`
    <${Panel} id="spread" title="The population as points" width="w5" actions=${html`<div class="choices">${pick("x", "across", x)} ${pick("y", "upward", y)}</div>`}>
      <${Scatter} agents=${data.agents} x=${x} y=${y} of=${of} height=${380} />
    <//>
  `;
}

const Genes = ({ answer: { data } }) =>
  data &&
  data.genes.length > 0 &&
  data.generations.length > 0 &&
  html`
    <${Panel} id="genes" title="Genes over generations" width="w7" hint="mean and middle half of the agents, within each gene's range">
      <div class="strips">${data.genes.map((gene) => html`<${GeneStrip} key=${gene.name} gene=${gene} />`)}</div>
    <//>
  `;

const Behaviours = ({ answer: { data } }) =>
  data &&
  data.axes.length > 0 &&
  html`
    <${Panel} id="map" title="Map of behaviours" hint=${`${data.cells.length} cells filled, ${number(data.coverage * 100)} % of the map; QD score ${number(data.qd_score)}`}>
      <${EliteMap} map=${data} />
    <//>
  `;

const Happened = ({ events, connection }) => html`
  <${Panel} id="events" title="Events" width="w4" actions=${html`<${State} state=${CONNECTION[connection][0]} label=${CONNECTION[connection][1]} />`}>
    ${events.length
      ? html`
          <ol class="events" tabindex="0" aria-label="Events, the latest first">
            ${events.map((event) => html`<li key=${event.sequence} data-sequence=${event.sequence}><time datetime=${new Date(event.time * 1000).toISOString()}>${clock(event.time)}</time><span class=${TONES[event.severity]}>${event.text}</span></li>`)}
          </ol>
        `
      : html`<p class="hint">No events yet.</p>`}
  <//>
`;

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString("en-GB");

const Failures = ({ failures }) =>
  failures.length > 0 &&
  html`
    <${Panel} id="failures" title="Failures" width="w8" hint="agents without fitness">
      <${Table} caption="Agents without fitness" rows=${failures} rowKey=${(row) => row.agent} most=${10} columns=${[
        { name: "agent", label: "agent", value: (row) => row.agent, show: (row) => html`<${AgentLink} id=${row.agent} label=${short(row.agent)} />` },
        { name: "reason", label: "reason", value: (row) => row.reason ?? "", wrap: true },
      ]} />
    <//>
  `;

const Configuration = ({ data }) => html`
  <${Panel} id="configuration" title="Configuration and provenance" width=${data.champion && !data.failures.length ? "w8" : ""}>
    <p class="hint">Hash of the history: <code>${data.history_sha256}</code></p>
    <details class="numbers"><summary>Show the resolved configuration</summary><pre class="scroll" tabindex="0">${data.config_yaml}</pre></details>
    <details class="numbers">
      <summary>Show versions and digests</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Versions and digests">
        <table><tbody>${Object.entries(data.provenance).map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td class="mono">${value}</td></tr>`)}</tbody></table>
      </div>
    </details>
  <//>
`;
