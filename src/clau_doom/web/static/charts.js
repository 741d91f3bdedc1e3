// Charts: fitness over generations (uPlot), scatter plots, a small chart for each gene, and elite maps.

import { html, useEffect, useLayoutEffect, useRef, useState } from "./vendor/preact-htm.js";
import uPlot from "./vendor/uplot.js";
import { useTheme } from "./hooks.js";
import { Numbers } from "./ui.js";
import { amount, interval, number, numberInInterval, short, tickLabel } from "./format.js";

const paint = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Returns the current width of an element.
function useWidth(element) {
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const look = new ResizeObserver(([entry]) => setWidth(Math.floor(entry.contentRect.width)));
    look.observe(element.current);
    return () => look.disconnect();
  }, []);
  return width;
}

// A uPlot chart. New `data` does not recreate the chart; a change of `plotKey` does, with `make`.
function Plot({ data, make, plotKey, height, label, read }) {
  const [at, setAt] = useState(null);
  const place = useRef(null);
  const plot = useRef(null);
  const width = useWidth(place);
  const dark = useTheme();
  useEffect(() => {
    if (!width) return undefined;
    const hooks = { setCursor: [({ cursor }) => setAt(cursor.idx ?? null)] };
    plot.current = new uPlot({ ...make(), width, height, hooks }, data, place.current);
    return () => plot.current.destroy();
    // The effects below set the data and the width.
  }, [plotKey, dark, width > 0]);
  useEffect(() => plot.current?.setData(data), [data]);
  useEffect(() => {
    if (width) plot.current?.setSize({ width, height });
  }, [width, height]);
  const last = data[0].length - 1;
  return html`
    <div class="chart" ref=${place} role="img" aria-label=${label}></div>
    <p class="readout">${last >= 0 ? read(at === null || at > last ? last : at) : ""}</p>
  `;
}

const axis = (label) => ({
  label,
  labelSize: 22,
  labelFont: "12px system-ui, sans-serif",
  font: "12px system-ui, sans-serif",
  stroke: paint("faint"),
  grid: { stroke: paint("line"), width: 1 },
  ticks: { stroke: paint("line"), width: 1 },
});

const whole = (_plot, splits) => splits.map((value) => (Number.isInteger(value) ? value.toLocaleString("en") : ""));

// Distances between ticks on an axis of whole numbers: 1, 2, 5, 10, ..., 5e9.
const WHOLE_STEPS = Array.from({ length: 10 }, (_, exponent) => [1, 2, 5].map((factor) => factor * 10 ** exponent)).flat();

// Width of a vertical axis, for its label and its longest number.
const roomFor = (_plot, values) => 30 + 8 * Math.max(4, ...(values ?? []).map((value) => String(value).length));

const base = (progressLabel, valueLabel) => ({
  padding: [12, 30, 0, 0], // room for half of the last label
  cursor: { points: { size: 7 }, drag: { x: true, y: false } },
  legend: { show: false },
  scales: { x: { time: false } },
  axes: [
    { ...axis(progressLabel), values: whole, incrs: WHOLE_STEPS },
    { ...axis(valueLabel), size: roomFor },
  ],
});

// Labels of the horizontal axis, and keys of its values, by unit of the budget.
const PROGRESS = {
  generations: { label: "generation", key: "index" },
  episodes: { label: "training episodes", key: "episodes_total" },
  tics: { label: "tics of training episodes", key: "tics_total" },
};

// Fitness by generation: the best, the mean, and the 95 % interval of the mean as a band. `unit`: unit of the budget.
export function FitnessChart({ generations, unit, name, height = 320 }) {
  const { label, key } = PROGRESS[unit];
  const counted = unit !== "generations";
  const column = (field) => generations.map((row) => row[field]);
  const data = [column(key), column("high"), column("low"), column("mean"), column("best"), column("worst")];
  const make = () => ({
    ...base(label, name),
    series: [
      {},
      { stroke: "transparent", points: { show: false } },
      { stroke: "transparent", points: { show: false } },
      { stroke: paint("accent"), width: 2.5, points: { size: 5 } },
      { stroke: paint("ink"), width: 1.5, points: { size: 5 } },
      { stroke: paint("faint"), width: 1, dash: [4, 4], points: { show: false } },
    ],
    bands: [{ series: [1, 2], fill: paint("band") }],
  });
  const read = (at) => {
    const { index, best, mean, low, high, worst, failed } = generations[at];
    const within = interval(generations[at]);
    const after = counted ? ` (${generations[at][key].toLocaleString("en")} ${unit})` : "";
    return `generation ${index}${after}: best ${number(best)}, mean ${numberInInterval(mean, low, high)}${within && ` (${within})`}, worst ${number(worst)}${failed ? `, ${failed} failed` : ""}`;
  };
  return html`
    <${Plot} data=${data} make=${make} plotKey=${name} height=${height} label=${fitnessLabel(generations, name)} read=${read} />
    <${Numbers}
      caption=${`${name} by generation`}
      headings=${["generation", ...(counted ? [unit] : []), "best", "mean", "95 % interval", "worst", "failed"]}
      rows=${generations.map((row) => [row.index, ...(counted ? [row[key].toLocaleString("en")] : []), row.best, numberInInterval(row.mean, row.low, row.high), interval(row), row.worst, row.failed])}
    />
  `;
}

function fitnessLabel(generations, name) {
  const last = generations.at(-1);
  if (!last) return `${name} by generation; no finished episodes yet`;
  return `${name} by generation: after ${generations.length}, the last one's best is ${number(last.best)} and its mean ${number(last.mean)}`;
}

// Curves of several experiments in one chart. `lines`: {label, points: [[generation, value]]}.
export const SERIES = [1, 2, 3, 4, 5, 6];
const DASHES = [[], [8, 4], [2, 3], [12, 3, 2, 3], [5, 5], [1, 5]];

export function Curves({ lines, name, height = 300 }) {
  const last = Math.max(...lines.map(({ points }) => points.at(-1)?.[0] ?? 0));
  const xs = Array.from({ length: last + 1 }, (_, at) => at);
  const columns = lines.map(({ points }) => {
    const by = new Map(points);
    return xs.map((x) => by.get(x) ?? null);
  });
  const labels = lines.map(({ label }) => label);
  const make = () => ({
    ...base("generation", name),
    series: [{}, ...lines.map((_, at) => ({ stroke: paint(`series-${SERIES[at]}`), width: 2, dash: DASHES[at], points: { size: 5 } }))],
  });
  const read = (at) => `generation ${at}: ${labels.map((label, place) => `${label} ${number(columns[place][at])}`).join(", ")}`;
  return html`
    <${Plot} data=${[xs, ...columns]} make=${make} plotKey=${labels.join("|")} height=${height} label=${`${name} by generation of ${labels.join(" and ")}`} read=${read} />
    <${Numbers} caption=${`${name} by generation`} headings=${["generation", ...labels]} rows=${xs.map((x) => [x, ...columns.map((column) => column[x])])} />
  `;
}

const nice = (low, high) => {
  const span = high - low || Math.abs(high) || 1;
  const step = 10 ** Math.floor(Math.log10(span / 4));
  const by = [1, 2, 5, 10].map((factor) => factor * step).find((size) => span / size <= 6) ?? step * 10;
  const ticks = [];
  for (let tick = Math.ceil(low / by) * by; tick <= high + by / 1e6; tick += by) ticks.push(Number(tick.toPrecision(12)));
  return ticks;
};

// Agents as points, each a link to its page. `of(agent, axis)` returns a number or null.
export function Scatter({ agents, x, y, of, height = 320 }) {
  const place = useRef(null);
  const width = useWidth(place) || 600;
  const points = agents
    .map((agent) => ({ agent, at: of(agent, x), up: of(agent, y) }))
    .filter(({ at, up }) => Number.isFinite(at) && Number.isFinite(up));
  if (!points.length) {
    return html`<div ref=${place}><p class="hint">No agent of this generation has both values yet.</p></div>`;
  }
  const range = (values) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const room = (high - low || Math.abs(high) || 1) * 0.06;
    return [low - room, high + room];
  };
  const [left, right, top, bottom] = [72, 36, 12, 40];
  const [xLow, xHigh] = range(points.map(({ at }) => at));
  const [yLow, yHigh] = range(points.map(({ up }) => up));
  const across = (value) => left + ((value - xLow) / (xHigh - xLow)) * (width - left - right);
  const upward = (value) => height - bottom - ((value - yLow) / (yHigh - yLow)) * (height - top - bottom);
  return html`
    <div ref=${place}>
      <svg class="scatter" viewBox=${`0 0 ${width} ${height}`} role="group" aria-label=${`${points.length} agents: ${x.label} across, ${y.label} upward`}>
        ${nice(xLow, xHigh).map((at) => html`<g key=${`x${at}`}><line x1=${across(at)} x2=${across(at)} y1=${top} y2=${height - bottom} /><text x=${across(at)} y=${height - bottom + 16} text-anchor="middle">${tickLabel(at)}</text></g>`)}
        ${nice(yLow, yHigh).map((at) => html`<g key=${`y${at}`}><line x1=${left} x2=${width - right} y1=${upward(at)} y2=${upward(at)} /><text x=${left - 8} y=${upward(at) + 4} text-anchor="end">${tickLabel(at)}</text></g>`)}
        <text x=${(left + width - right) / 2} y=${height - 4} text-anchor="middle">${x.label}</text>
        <text x="12" y=${(top + height - bottom) / 2} text-anchor="middle" transform=${`rotate(-90 12 ${(top + height - bottom) / 2})`}>${y.label}</text>
        ${points.map(
          ({ agent, at, up }) => html`
            <a key=${agent.id} href=${`/agents/${encodeURIComponent(agent.id)}`} aria-label=${`${short(agent.id)}: ${x.label} ${amount(at)}, ${y.label} ${amount(up)}`}>
              <circle cx=${across(at)} cy=${upward(up)} r="5.5"><title>${short(agent.id)}: ${amount(at)}, ${amount(up)}</title></circle>
            </a>
          `,
        )}
      </svg>
      <${Numbers} caption=${`${y.label} against ${x.label}`} headings=${["agent", x.label, y.label]} rows=${points.map(({ agent, at, up }) => [short(agent.id), at, up])} />
    </div>
  `;
}

// A gene over the generations, as a fraction of its range: the mean and the middle half of the agents.
export function GeneStrip({ gene }) {
  const most = Math.max(gene.mean.length - 1, 1);
  const point = (share, at) => `${(at / most) * 100},${50 - share * 46}`;
  const outline = [...gene.upper.map(point), ...gene.lower.map(point).reverse()].join("L");
  const value = (share) => number(gene.low + share * (gene.high - gene.low));
  const [first, last] = [value(gene.mean[0]), value(gene.mean.at(-1))];
  const label = `${gene.name}: mean from ${first} to ${last}, between ${amount(gene.low)} and ${amount(gene.high)}`;
  return html`
    <div class="strip">
      <h3><span title=${gene.description}>${gene.name}</span><span class="faint">${last}</span></h3>
      <svg viewBox="0 0 100 54" preserveAspectRatio="none" role="img" aria-label=${label}>
        <path class="half" d=${`M${outline}Z`} />
        <path class="mean" d=${`M${gene.mean.map(point).join("L")}`} />
      </svg>
    </div>
  `;
}

// The best agent of each behaviour cell: one axis as a row, two as a grid, more as numbers only.
export function EliteMap({ map }) {
  const [across, upward = { measure: "", low: 0, high: 1, cells: 1 }] = map.axes;
  const fitness = map.cells.map((cell) => cell.fitness);
  const [low, high] = [Math.min(...fitness), Math.max(...fitness)];
  const [width, height] = [Math.max(720 / across.cells, 8), Math.min(Math.max(360 / upward.cells, 8), 48)];
  const edge = (axis, at) => number(axis.low + (at / axis.cells) * (axis.high - axis.low));
  const named = (cell) =>
    map.axes.map((axis, at) => `${axis.measure} ${edge(axis, cell.place[at])} to ${edge(axis, cell.place[at] + 1)}`).join(", ");
  const [left, bottom] = [64, 42];
  const [wide, tall] = [left + width * across.cells + 10, height * upward.cells + bottom + 8];
  return html`
    ${map.axes.length <= 2 &&
    html`
      <div class="scroll" tabindex="0" role="region" aria-label="Map of behaviours">
        <svg class="map" width=${wide} height=${tall} viewBox=${`0 0 ${wide} ${tall}`} role="group" aria-label=${`${map.cells.length} cells: ${map.axes.map((axis) => axis.measure).join(" across, ")}${map.axes.length > 1 ? " upward" : ""}`}>
          <rect class="ground" x=${left} y="4" width=${width * across.cells} height=${height * upward.cells} />
          ${map.cells.map((cell) => {
            const share = high > low ? (cell.fitness - low) / (high - low) : 1;
            return html`
              <a key=${cell.agent} href=${`/agents/${encodeURIComponent(cell.agent)}`} aria-label=${`${short(cell.agent)}, fitness ${number(cell.fitness)}: ${named(cell)}`}>
                <rect x=${left + cell.place[0] * width + 1} y=${4 + (upward.cells - 1 - (cell.place[1] ?? 0)) * height + 1} width=${width - 2} height=${height - 2} fill-opacity=${0.2 + share * 0.8}><title>${short(cell.agent)}: ${number(cell.fitness)}</title></rect>
              </a>
            `;
          })}
          ${[0, across.cells].map((at) => html`<text key=${at} x=${left + at * width} y=${tall - 24} text-anchor=${at ? "end" : "start"}>${edge(across, at)}</text>`)}
          <text x=${left + (width * across.cells) / 2} y=${tall - 6} text-anchor="middle">${across.measure}</text>
          ${map.axes.length > 1 && [0, upward.cells].map((at) => html`<text key=${`y${at}`} x=${left - 8} y=${at ? 14 : 4 + height * upward.cells} text-anchor="end">${edge(upward, at)}</text>`)}
          ${map.axes.length > 1 && html`<text x="14" y=${4 + (height * upward.cells) / 2} text-anchor="middle" transform=${`rotate(-90 14 ${4 + (height * upward.cells) / 2})`}>${upward.measure}</text>`}
        </svg>
      </div>
    `}
    <${Numbers} caption="The best agent of each cell" headings=${["agent", "fitness", ...map.axes.map((axis) => axis.measure)]} rows=${map.cells.map((cell) => [short(cell.agent), cell.fitness, ...map.axes.map((axis, at) => `${edge(axis, cell.place[at])} to ${edge(axis, cell.place[at] + 1)}`)])} />
  `;
}
