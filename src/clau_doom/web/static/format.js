// Numbers, times and events in words.

export const number = (value, digits = 4) =>
  value === null || value === undefined || Number.isNaN(value)
    ? "–"
    : Math.abs(value) >= 1e6 || (value !== 0 && Math.abs(value) < 1e-3)
      ? value.toExponential(2)
      : String(Number(value.toPrecision(digits)));

export const count = (value, one, many = `${one}s`) => `${value.toLocaleString("en")} ${value === 1 ? one : many}`;

export function duration(seconds) {
  const whole = Math.round(seconds);
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export function ago(epoch) {
  const seconds = Math.max(Date.now() / 1000 - epoch, 0);
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${Math.round(seconds)} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86400)} d ago`;
}

export const spaced = (name) => name.replaceAll("_", " ");

// An agent within its experiment: quickstart-g003-a017 is g003-a017.
export const short = (agent) => agent.match(/g\d+-a\d+$/)?.[0] ?? agent.match(/[^-]+$/)[0];

const PAYLOADS = {
  experiment_created: () => ["stored", "plain"],
  experiment_started: (it) => [it.resumed ? "resumed" : "started", "good"],
  experiment_paused: () => ["paused by a person", "warn"],
  experiment_resumed: () => ["goes on", "good"],
  experiment_interrupted: (it) => [`interrupted: ${it.reason}`, "warn"],
  experiment_completed: () => ["completed", "good"],
  experiment_failed: (it) => [`failed: ${it.reason}`, "bad"],
  experiment_cancelled: () => ["cancelled by a person", "bad"],
  generation_started: (it) => [`generation ${it.generation ?? 0} started with ${count((it.agents ?? []).length, "agent")}`, "plain"],
  agents_asked: (it) => [`${count((it.agents ?? []).length, "agent")} asked for generation ${it.generation ?? 0}`, "faint"],
  generation_completed: ({ summary }) => [
    `generation ${summary.generation ?? 0} completed: best ${number(summary.best_fitness)}, mean ${number(summary.mean_fitness)}`,
    "good",
  ],
  champion_chosen: (it) => [`champion chosen: ${short(it.champion?.agent_id ?? it.agent_id ?? "")}`, "good"],
  episode_finished: ({ episode }) => [
    `${short(episode.agent_id)} finished ${spaced((episode.purpose ?? "").replace("PURPOSE_", "").toLowerCase())} episode ${episode.number ?? 0}`,
    "faint",
  ],
  episode_lost: (it) => [`${short(it.agent_id)} lost episode ${it.number ?? 0}, attempt ${it.attempt}: ${it.reason}`, "warn"],
  contestant_failed: (it) => [`${short(it.agent_id)} failed while it was judged: ${it.reason}`, "bad"],
  agent_evaluated: (it) => [`${short(it.agent_id)} evaluated: ${number(it.fitness ?? 0)}`, "plain"],
  agent_dropped: (it) => [`${short(it.agent_id)} dropped by racing after ${count(it.episodes ?? 0, "episode")}: ${number(it.fitness ?? 0)}`, "plain"],
  agent_failed: (it) => [`${short(it.agent_id)} failed: ${it.reason}`, "bad"],
  agent_paused: (it) => [`${short(it.agent_id)} paused by a person`, "warn"],
  agent_resumed: (it) => [`${short(it.agent_id)} goes on`, "good"],
  agent_restarted: (it) => [`${short(it.agent_id)} restarted by a person`, "warn"],
  genome_injected: (it) => [`a genome was injected for generation ${it.generation ?? 0}`, "warn"],
};

const ENVELOPE = new Set(["experiment_id", "sequence", "time"]);

// What an event says: {kind, text, tone, agent, time, sequence}. An event without words of its own shows its name.
export function told(event) {
  const kind = Object.keys(event).find((name) => !ENVELOPE.has(name)) ?? "event";
  const payload = event[kind] ?? {};
  const [text, tone] = PAYLOADS[kind]?.(payload) ?? [spaced(kind), "plain"];
  const agent = payload.agent_id ?? payload.episode?.agent_id ?? null;
  return { kind, text, tone, agent, time: event.time, sequence: Number(event.sequence) };
}
