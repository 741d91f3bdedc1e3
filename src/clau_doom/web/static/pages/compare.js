// Page that compares experiments: their fitness curves, and their champions on held-out seeds.

import { html, useEffect, useState } from "../vendor/preact-htm.js";
import { Curves, SERIES } from "../charts.js";
import { useAnswer, useTitle } from "../hooks.js";
import { get } from "../net.js";
import { Empty, Failure, Panel, State, Waiting } from "../ui.js";
import { interval, number, numberInInterval, spaced } from "../format.js";

const MOST = SERIES.length;

export function Compare({ query, go }) {
  useTitle("Compare");
  const ids = [...new Set((query.get("ids") ?? "").split(",").filter(Boolean))].slice(0, MOST);
  const list = useAnswer("/experiments");
  const [found, setFound] = useState({});
  const [error, setError] = useState(null);
  useEffect(() => {
    const control = new AbortController();
    setError(null);
    Promise.all(ids.map((id) => get(`/experiments/${encodeURIComponent(id)}`, control.signal)))
      .then((each) => setFound(Object.fromEntries(each.map((one) => [one.id, one]))))
      .catch((failure) => control.signal.aborted || setError(failure));
    return () => control.abort();
  }, [ids.join()]);
  const choose = (id, on) => go(`/compare?ids=${(on ? [...ids, id] : ids.filter((each) => each !== id)).map(encodeURIComponent).join(",")}`);
  const shown = ids.map((id) => found[id]).filter(Boolean);
  return html`
    <div class="head"><div><h1>Compare</h1><p class="hint">Up to ${MOST} experiments side by side.</p></div>
      ${shown.length > 1 && html`<div class="actions"><a class="button" href=${`/report?ids=${ids.map(encodeURIComponent).join(",")}`}>Report</a></div>`}
    </div>
    ${error && html`<${Failure} error=${error} />`}
    <div class="grid">
      <${Panel} id="which" title="Which" width="w4">
        ${list.data
          ? html`
              <fieldset style=${{ border: 0, padding: 0, margin: 0, display: "grid", gap: "8px" }}>
                <legend class="announce">Experiments to compare</legend>
                ${list.data.experiments.map(
                  (row) => html`
                    <label key=${row.id}>
                      <input type="checkbox" checked=${ids.includes(row.id)} disabled=${!ids.includes(row.id) && ids.length >= MOST} onChange=${(event) => choose(row.id, event.target.checked)} />
                      ${" "}${row.id} <span class="faint">${spaced(row.scenario)}</span>
                    </label>
                  `,
                )}
              </fieldset>
            `
          : html`<${Waiting} />`}
      <//>
      ${shown.length > 1
        ? html`<${Both} shown=${shown} />`
        : html`<section class="panel w8"><${Empty} title="Choose two or more"><p>The page then shows their fitness curves and the held-out results of their champions.</p><//></section>`}
    </div>
  `;
}

function Both({ shown }) {
  const kinds = new Set(shown.map((each) => `${each.scenario} ${each.fitness}`));
  return html`
    <${Panel} id="curves" title="Mean training fitness by generation" width="w8">
      ${kinds.size > 1 && html`<div class="note" role="status">The experiments differ in scenario or fitness: their values cannot be compared.</div>`}
      <p class="legend" aria-hidden="true">${shown.map((each, at) => html`<span key=${each.id} class=${`series-${SERIES[at]}`}>${each.id}</span>`)}</p>
      <${Curves} name="mean training fitness" lines=${shown.map((each) => ({ label: each.id, points: each.generations.map((row) => [row.index, row.mean]) }))} />
    <//>
    <${Panel} id="held-out" title="Single agents on held-out seeds" hint="means of each agent with 95 % intervals; the report compares conditions and differences">
      ${shown.filter((each) => each.saturation).map((each) => html`<div class="note" role="status" key=${each.id}><strong>${each.id}</strong><span>${each.saturation}</span></div>`)}
      <${Intervals} rows=${shown.flatMap((each) => each.held_out.map((row) => ({ ...row, experiment: each.id })))} />
    <//>
    <${Panel} id="numbers" title="Values">
      <div class="scroll" tabindex="0" role="region" aria-label="Values of the experiments">
        <table>
          <thead><tr><th scope="col">experiment</th><th scope="col">state</th><th scope="col" class="number">generations</th><th scope="col" class="number">best in training</th><th scope="col" class="number">episodes</th></tr></thead>
          <tbody>${shown.map((each) => html`<tr key=${each.id}><th scope="row"><a href=${`/experiments/${encodeURIComponent(each.id)}`}>${each.id}</a></th><td><${State} state=${each.state} /></td><td class="number">${each.generations_finished}</td><td class="number">${number(each.best_fitness)}</td><td class="number">${each.episodes_played.toLocaleString("en")}</td></tr>`)}</tbody>
        </table>
      </div>
    <//>
  `;
}

// Means and intervals on a common scale.
function Intervals({ rows }) {
  if (!rows.length) return html`<p class="hint">No experiment has held-out results yet.</p>`;
  const ends = rows.flatMap((row) => [row.mean, row.low ?? row.mean, row.high ?? row.mean]);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const share = (value) => `${((value - low) / (high - low || 1)) * 100}%`;
  const range = (row) => (element) => {
    if (!element) return;
    element.style.left = share(row.low ?? row.mean);
    element.style.right = `calc(100% - ${share(row.high ?? row.mean)})`;
  };
  const dot = (row) => (element) => element && (element.style.left = share(row.mean));
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Held-out results">
      <table class="intervals">
        <thead><tr><th scope="col">agent</th><th scope="col" class="number">mean</th><th scope="col" class="number">95 % interval</th><th scope="col" class="number">episodes</th><th scope="col"><span class="announce">picture</span></th></tr></thead>
        <tbody>
          ${rows.map(
            (row) => html`
              <tr key=${row.experiment + row.agent}>
                <th scope="row">${row.experiment} · ${row.role}</th>
                <td class="number"><strong>${numberInInterval(row.mean, row.low, row.high)}</strong></td>
                <td class="number">${interval(row)}</td>
                <td class="number">${row.n}</td>
                <td class="picture" aria-hidden="true"><div><i ref=${range(row)}></i><b ref=${dot(row)}></b></div></td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}
