// Example of a remote agent in JavaScript: turn until an enemy is in the middle of the screen, and fire.
//
// The agent serves claudoom.agent.v1.AgentService with @grpc/grpc-js, which reads the .proto file at the start.
// agent.py in the same folder makes the same decisions. Start it with `node agent.js ADDRESS [PROTO_FOLDER]`.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const protoLoader = require("@grpc/proto-loader");

// Version of the agent. Change it with every change of decisions, in any language.
const VERSION = "sentry 1";
const SIDES = ["TURN_LEFT", "TURN_RIGHT"];
const GENES = [
  { name: "tolerance", kind: "KIND_REAL", low: 0, high: 40 },
  { name: "patience", kind: "KIND_INTEGER", low: 1, high: 100 },
  { name: "side", kind: "KIND_CHOICE", choices: SIDES },
];
// Maximum number of stored episodes. There is no message for the end of an episode: the oldest are removed.
const REMEMBERED = 1000;

const [address, folder = path.join(__dirname, "..", "..", "proto")] = process.argv.slice(2);
const definition = protoLoader.loadSync("claudoom/agent/v1/agent.proto", {
  includeDirs: [folder],
  keepCase: true,
  longs: String, // a seed has 64 bits, and a JavaScript number only 53
  defaults: true,
});
const { AgentService } = grpc.loadPackageDefinition(definition).claudoom.agent.v1;

const episodes = new Map();
let middle = 80;

function begin({ episode_id: id, genome, buttons }) {
  const [tolerance, patience, side] = genome;
  episodes.set(id, { buttons, tolerance, patience, side, searched: 0 });
  if (episodes.size > REMEMBERED) episodes.delete(episodes.keys().next().value);
}

function decide({ episode_id: id, observation }) {
  const episode = episodes.get(id);
  const press = (name, tics = 0) => ({ action_id: episode.buttons.indexOf(name), tics });
  const enemies = observation.objects.filter((seen) => seen.kind === "enemy");
  if (enemies.length === 0) {
    episode.searched += 1;
    return press(SIDES[(Math.floor(episode.searched / episode.patience) + episode.side) % 2]);
  }
  episode.searched = 0;
  const offs = enemies.map((seen) => seen.x + seen.width / 2 - middle);
  const off = offs.reduce((nearest, other) => (Math.abs(other) < Math.abs(nearest) ? other : nearest));
  if (Math.abs(off) <= episode.tolerance) return press("ATTACK", 1);
  return press(off > 0 ? "TURN_RIGHT" : "TURN_LEFT", 2);
}

const server = new grpc.Server();
server.addService(AgentService.service, {
  Describe({ request: { scenario } }, answer) {
    const missing = ["ATTACK", ...SIDES].filter((name) => !scenario.buttons.includes(name));
    if (missing.length > 0) {
      answer({ code: grpc.status.FAILED_PRECONDITION, details: `there is no ${missing.join(", ")}` });
      return;
    }
    middle = scenario.width / 2;
    answer(null, { genes: GENES, objects: true, version: VERSION });
  },
  Begin({ request }, answer) {
    begin(request);
    answer(null, {});
  },
  GetAction({ request }, answer) {
    answer(null, decide(request));
  },
  Play(stream) {
    stream.on("data", (message) => (message.begin ? begin(message.begin) : stream.write(decide(message.decide))));
    stream.on("end", () => stream.end());
  },
});

// Remove the socket of an earlier program that was killed.
if (address.startsWith("unix:")) fs.rmSync(address.slice("unix:".length), { force: true });
server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error) throw error;
  console.log(`listening at ${address}`);
});
