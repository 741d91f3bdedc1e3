// Page of one agent: genes, lineage, episodes and actions.

import { html, useState } from "../vendor/preact-htm.js";
import { useAnswer, useTitle } from "../hooks.js";
import { CHANGES, get, post } from "../net.js";
import { Action, AgentLink, Failure, Meter, Panel, State, Table, Tiles, Waiting } from "../ui.js";
import { amount, count, interval, number, numberInInterval, short, spaced } from "../format.js";

const MOST_GENES = 60;

function fitnessTile(data) {
  const played = data.fitness_interval;
  if (!played) return ["fitness", number(data.fitness), ""];
  return ["fitness", numberInInterval(played.mean, played.low, played.high), `${interval(played)} (n = ${played.n})`];
}

export function AgentPage({ argument: id }) {
  useTitle(short(id));
  const { data, error, again } = useAnswer(`/agents/${encodeURIComponent(id)}`, { every: 2000 });
  if (!data) return error ? html`<${Failure} error=${error} again=${again} />` : html`<${Waiting} />`;
  const means = data.episodes.filter((episode) => episode.purpose === "training");
  return html`
    <div class="head">
      <div>
        <p class="crumbs"><a href="/">Experiments</a> / <a href=${`/experiments/${encodeURIComponent(data.experiment)}`}>${data.experiment}</a></p>
        <h1>${short(data.id)}</h1>
        <div class="facts">
          <${State} state=${data.paused ? "paused" : data.status} />
          ${data.champion && html`<span class="state good">the champion</span>`}
          <span>generation ${data.generation}</span>
          <span>operator ${data.operator}</span>
        </div>
      </div>
      <${Commands} data=${data} again=${again} />
    </div>
    ${error && html`<${Failure} error=${error} again=${again} />`}
    ${data.failure && html`<div class="note bad" role="status"><strong>failed</strong><span>${data.failure}</span></div>`}
    ${data.traceback &&
    html`<details class="numbers" open=${data.status === "failed"}><summary>Traceback of the first failure at this line</summary><pre class="scroll" tabindex="0">${data.traceback}</pre></details>`}
    <${Tiles} tiles=${[
      fitnessTile(data),
      ["episodes", data.episodes.length, means.length ? `${means.length} of training` : ""],
      ["genes", data.genes_total, ""],
      ["ancestors", data.ancestors.length, ""],
      ["children", data.children.length, ""],
    ]} />
    <div class="grid">
      <${Genome} data=${data} />
      <${Lineage} data=${data} />
      <${Episodes} data=${data} />
    </div>
  `;
}

function Commands({ data, again }) {
  const running = data.state === "running" || data.state === "paused";
  if (!CHANGES || !running || !data.here) return null;
  const command = (verb) => (note) => post(`/agents/${encodeURIComponent(data.id)}/${verb}`, "", { note });
  const done = () => again(true);
  const pending = data.status === "pending";
  return html`
    <div class="actions">
      ${pending && !data.paused && html`<${Action} label="Pause" work=${command("pause")} done=${done} />`}
      ${pending && data.paused && html`<${Action} label="Resume" work=${command("resume")} done=${done} />`}
      ${pending && html`<${Action} label="Stop" danger work=${command("stop")} done=${done} confirm=${`Stop ${short(data.id)}? It gets no fitness. That counts as a deviation.`} />`}
      ${data.status === "failed" && html`<${Action} label="Restart" work=${command("restart")} done=${done} />`}
    </div>
  `;
}

const Genome = ({ data }) => html`
  <${Panel} id="genome" title="Genome" width="w6" hint=${data.genes_total > MOST_GENES ? `the first ${MOST_GENES} of ${count(data.genes_total, "gene")}` : ""}>
    ${data.genes.length
      ? data.genes.slice(0, MOST_GENES).map((gene) => html`<${GeneRow} key=${gene.name} gene=${gene} />`)
      : html`<p class="hint">The names of the genes are unknown, because this server cannot load the policy.</p>`}
  <//>
`;

function GeneRow({ gene }) {
  const share = gene.high > gene.low ? (gene.value - gene.low) / (gene.high - gene.low) : 0.5;
  const mark = (element) => element && (element.style.left = `${share * 100}%`);
  return html`
    <div class="gene" title=${gene.description}>
      <span>${gene.name}</span>
      <strong class="number">${typeof gene.shown === "number" ? amount(gene.shown) : gene.shown}</strong>
      <span class="track" aria-hidden="true"><i ref=${mark}></i></span>
    </div>
  `;
}

// Lineage as a tree: earlier generations below the agent, with the line of the fitter parents marked.
function Lineage({ data }) {
  if (!data.ancestors.length) {
    return html`<${Panel} id="lineage" title="Lineage" width="w6"><p class="hint">The genome was drawn at random and has no parents.</p><//>`;
  }
  return html`
    <${Panel} id="lineage" title="Lineage" width="w6" hint=${`${count(data.ancestors.length, "ancestor")}; the line of fitter parents is marked`}>
      <${Tree} data=${data} />
      <${Table} caption="Ancestors" rows=${data.ancestors} rowKey=${(row) => row.id} most=${8} sort=${{ name: "generation", down: true }} columns=${[
        { name: "agent", label: "agent", value: (row) => row.id, show: (row) => html`<${AgentLink} id=${row.id} label=${short(row.id)} />` },
        { name: "generation", label: "generation", number: true, value: (row) => row.generation },
        { name: "fitness", label: "fitness", number: true, value: (row) => row.fitness, show: (row) => number(row.fitness) },
        { name: "operator", label: "operator", value: (row) => row.operator },
      ]} />
    <//>
  `;
}

const MOST_ROWS = 10;
const MOST_ACROSS = 12;

function Tree({ data }) {
  const known = new Map([data, ...data.ancestors].map((agent) => [agent.id, agent]));
  const rows = [];
  let row = [data.id];
  while (row.length && rows.length < MOST_ROWS) {
    rows.push(row);
    const parents = row.flatMap((id) => known.get(id)?.parents ?? []).filter((id) => known.has(id));
    row = [...new Set(parents)].slice(0, MOST_ACROSS);
  }
  const line = new Set(data.line);
  const across = Math.max(...rows.map((each) => each.length));
  const [column, level] = [92, 62];
  const width = Math.max(across * column, 300);
  const height = rows.length * level;
  const at = new Map(rows.flatMap((ids, depth) => ids.map((id, place) => [`${depth} ${id}`, [(width / ids.length) * (place + 0.5) - 20, depth * level + 20]])));
  return html`
    <div class="tree" tabindex="0" role="region" aria-label="Lineage tree">
      <svg width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`}>
        ${rows.slice(0, -1).flatMap((ids, depth) =>
          ids.flatMap((id) =>
            (known.get(id)?.parents ?? [])
              .filter((parent) => at.has(`${depth + 1} ${parent}`))
              .map((parent) => {
                const [[x1, y1], [x2, y2]] = [at.get(`${depth} ${id}`), at.get(`${depth + 1} ${parent}`)];
                return html`<path key=${`${depth}${id}${parent}`} class=${line.has(id) && line.has(parent) ? "line" : ""} d=${`M${x1},${y1 + 7}C${x1},${y1 + 32} ${x2},${y2 - 32} ${x2},${y2 - 7}`} />`;
              }),
          ),
        )}
        ${rows.flatMap((ids, depth) =>
          ids.map((id) => {
            const [x, y] = at.get(`${depth} ${id}`);
            const agent = known.get(id);
            return html`
              <a key=${`${depth}${id}`} class=${depth ? "" : "self"} href=${`/agents/${encodeURIComponent(id)}`}>
                <circle cx=${x} cy=${y} r="6"><title>operator ${agent.operator}</title></circle><text x=${x + 10} y=${y + 4}>${short(id)}</text>
                <text x=${x + 10} y=${y + 17}>${number(agent.fitness)}</text>
              </a>
            `;
          }),
        )}
      </svg>
    </div>
  `;
}

// The server replays an episode, verifies it against its record, and films it, which takes some time.
function Episodes({ data }) {
  const [film, setFilm] = useState(null);
  const watch = async (row) => {
    const name = `${spaced(row.purpose)} episode ${row.number}`;
    setFilm({ name, state: "making", progress: null });
    const asked = `/agents/${encodeURIComponent(data.id)}/films?purpose=${row.purpose}&number=${row.number}`;
    const timer = setInterval(async () => {
      const progress = await get(asked).catch(() => null);
      setFilm((before) => (before?.name === name && before.state === "making" ? { ...before, progress } : before));
    }, 500);
    try {
      const made = await post(`/agents/${encodeURIComponent(data.id)}/films`, JSON.stringify({ purpose: row.purpose, number: row.number }));
      setFilm({ name, state: "made", url: made.film });
    } catch (error) {
      setFilm({ name, state: "failed", error });
    }
    clearInterval(timer);
  };
  return html`
  <${Panel} id="episodes" title="Episodes" hint="replay an episode to verify and film it">
    ${film && html`<${Film} film=${film} />`}
    ${data.episodes.length
      ? html`<${Table} caption="Episodes" rows=${data.episodes} rowKey=${(row) => `${row.purpose}${row.number}`} most=${30} columns=${[
          { name: "purpose", label: "purpose", value: (row) => `${["training", "validation", "held_out"].indexOf(row.purpose)} ${String(row.number).padStart(6, "0")}`, show: (row) => `${spaced(row.purpose)} ${row.number}` },
          { name: "seed", label: "seed", number: true, value: (row) => row.seed, show: (row) => html`<span class="mono">${row.seed}</span>` },
          { name: "fitness", label: "fitness", number: true, value: (row) => row.fitness, show: (row) => html`<strong>${number(row.fitness)}</strong>` },
          ...data.measures.map((measure) => ({ name: measure, label: spaced(measure), number: true, value: (row) => row.measures[measure], show: (row) => amount(row.measures[measure]) })),
          { name: "seconds", label: "seconds", number: true, value: (row) => row.seconds, show: (row) => number(row.seconds) },
          { name: "film", label: "film", value: () => 0, show: (row) => html`<button class="button quiet" disabled=${film?.state === "making"} onClick=${() => watch(row)} aria-label=${`Watch ${spaced(row.purpose)} episode ${row.number}`}>▶ Watch</button>` },
          { name: "trajectory", label: "trajectory", value: (row) => row.trajectory_sha256, show: (row) => html`<span class="mono faint">${row.trajectory_sha256.slice(0, 12)}</span>` },
        ]} />`
      : html`<p class="hint">No finished episodes yet.</p>`}
  <//>
`;
}

const STAGES = {
  waiting: () => "Waiting for earlier films",
  playing: (name) => `Replaying and verifying ${name}`,
  filming: (name) => `Filming ${name}`,
};

const Progress = ({ film: { name, progress } }) => html`
  <${Meter} done=${Math.round((progress?.share ?? 0) * 100)} planned=${100} label=${`Film of ${name}`} />
  <p class="hint">${STAGES[progress?.stage ?? "waiting"](name)}${progress?.share ? `: ${Math.round(progress.share * 100)} %` : " …"}</p>
`;

const Film = ({ film }) => html`
  <div class="film" role="status">
    ${film.state === "making" && html`<${Progress} film=${film} />`}
    ${film.state === "failed" && html`<div class="note bad"><strong>${film.name}</strong><span>${film.error.message}</span></div>`}
    ${film.state === "made" && html`<video controls autoplay muted playsinline src=${film.url} aria-label=${`Film of ${film.name}`}></video><p class="hint">${film.name}, verified against the record · <a href=${film.url} download="episode.mp4">download the film</a></p>`}
  </div>
`;
