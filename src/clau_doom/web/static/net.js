// Requests to the server and streams of events. Every failure becomes a `Refused` with a message for users.

const meta = (name) => document.querySelector(`meta[name=${name}]`).content;

export const VERSION = meta("version");
// Whether this server starts experiments; the dashboard of a single run does not.
export const SERVES = meta("starts") === "yes";
// Whether the token of this session allows changes.
export const CHANGES = meta("changes") === "yes";
export const STARTS = SERVES && CHANGES;

export class Refused extends Error {
  constructor(kind, message, problems = []) {
    super(message);
    this.kind = kind;
    this.problems = problems;
  }
}

// Final state of this dashboard's run, if the page received it.
let outcome = "";
const ENDS = ["completed", "failed", "cancelled", "interrupted"];

function hear(event) {
  outcome = ENDS.find((state) => event.kind === `experiment_${state}`) ?? outcome;
}

// The dashboard's process has ended; if the page received no final state, the process was killed.
export class Ended extends Refused {
  constructor(state) {
    super("Ended", `The run has ended${state && `: ${state}`}. This dashboard ended with it; clau-doom serve shows its results.`);
    this.state = state || "interrupted";
  }
}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(`/api${path}`, options);
  } catch {
    if (options.signal?.aborted) throw new Refused("Aborted", "The request was cancelled.");
    if (!SERVES) throw new Ended(outcome);
    throw new Refused("Unreachable", "The server does not respond. This page keeps trying.");
  }
  if (answer.status === 401) {
    location.assign("/login");
    throw new Refused("Unauthorized", "The session has ended.");
  }
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) {
    const { kind = "Error", message = `The server answered ${answer.status}.`, problems } = body.error ?? {};
    throw new Refused(kind, message, problems);
  }
  return body;
}

export const get = (path, signal) => ask(path, { signal });

export const post = (path, body = "", { note = "", signal } = {}) =>
  ask(path, {
    method: "POST",
    body,
    signal,
    headers: {
      "x-csrf-token": meta("csrf"),
      "x-request-id": crypto.randomUUID?.() ?? String(Math.random()),
      "x-note": encodeURIComponent(note),
    },
  });

// An experiment's events after a sequence, in order, each once. A browser reconnects by itself after most failures, and
// sends its last event id. If it gives up (for example after a server restart), this class reconnects from that event.
export class Events {
  constructor(experiment, after, { happened, state }) {
    this.last = after;
    this.path = `/api/experiments/${encodeURIComponent(experiment)}/events`;
    this.happened = happened;
    this.state = state;
    this.pause = 500;
    this.open();
  }

  open() {
    this.state("connecting");
    const source = new EventSource(`${this.path}?after=${this.last}`);
    this.source = source;
    source.addEventListener("open", () => {
      this.pause = 500;
      this.state("live");
    });
    source.addEventListener("happened", ({ data, lastEventId }) => {
      const sequence = Number(lastEventId);
      if (sequence <= this.last) return;
      this.last = sequence;
      const event = JSON.parse(data);
      hear(event);
      this.happened(event);
    });
    source.addEventListener("over", () => {
      source.close();
      this.state("over");
    });
    source.addEventListener("error", () => {
      this.state("lost");
      if (source.readyState !== EventSource.CLOSED) return;
      this.timer = setTimeout(() => this.open(), this.pause);
      this.pause = Math.min(this.pause * 2, 8000);
    });
  }

  close() {
    clearTimeout(this.timer);
    this.source.close();
  }
}

// Stream of the running agents' frames, until it is closed.
export class Stream {
  constructor(path, { seen, state }) {
    this.path = path;
    this.seen = seen;
    this.state = state;
    this.open();
  }

  open() {
    this.state("connecting");
    this.source = new EventSource(`/api${this.path}`);
    this.source.addEventListener("open", () => this.state("live"));
    this.source.addEventListener("seen", ({ data }) => this.seen(JSON.parse(data)));
    this.source.addEventListener("error", () => {
      this.state("lost");
      if (this.source.readyState === EventSource.CLOSED) this.timer = setTimeout(() => this.open(), 2000);
    });
  }

  close() {
    clearTimeout(this.timer);
    this.source.close();
  }
}
