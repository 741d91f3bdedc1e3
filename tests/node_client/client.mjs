// A client that is not ours: what it knows of the service it has read off the .proto files.
//
//     node client.mjs ADDRESS PROTO_FOLDER TOKEN_FILE CONFIG_FILE
//
// Starts the experiment of a configuration file, pauses the last agent of its first generation and lets it go on, and
// streams the events to the end. Prints what it saw as JSON; ends with 1 where the server did not keep its word.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const [address, protoFolder, tokenFile, configFile] = process.argv.slice(2);

function connect() {
  const definition = protoLoader.loadSync('claudoom/orchestrator/v1/orchestrator.proto', {
    includeDirs: [protoFolder], keepCase: true, longs: Number, enums: String, oneofs: true, defaults: true,
  });
  const { OrchestratorService } = grpc.loadPackageDefinition(definition).claudoom.orchestrator.v1;
  return new OrchestratorService(address, grpc.credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });
}

function credentials() {
  const metadata = new grpc.Metadata();
  metadata.set('authorization', `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`);
  return metadata;
}

const client = connect();
const metadata = credentials();

function call(method, request, shown = metadata) {
  return new Promise((resolve, reject) => {
    client[method](request, shown, (error, response) => (error ? reject(error) : resolve(response)));
  });
}

async function codeOf(answer) {
  try {
    await answer;
  } catch (error) {
    return grpc.status[error.code];
  }
  return 'OK';
}

// Sends commands one at a time; each is answered by its id.
function commander() {
  const stream = client.ControlAgent(metadata);
  const answers = stream[Symbol.asyncIterator]();
  return {
    async send(command) {
      const command_id = randomUUID();
      stream.write({ command_id, ...command });
      const { value } = await answers.next();
      assert.equal(value.command_id, command_id);
      return value;
    },
    async end() {
      stream.end();
      assert.equal((await answers.next()).done, true);
    },
  };
}

async function pauseAndResume(agent_id) {
  const commands = commander();
  const paused = await commands.send({ pause: { agent_id } });
  assert.equal(paused.result, 'done', JSON.stringify(paused));
  assert.equal(paused.done.agent.status, 'AGENT_STATUS_PAUSED');
  const unknown = await commands.send({ pause: { agent_id: agent_id.replace(/-a\d+$/, '-a999') } });
  assert.equal(unknown.result, 'refused');
  assert.equal(grpc.status[unknown.refused.code], 'NOT_FOUND');
  assert.equal(unknown.refused.reason, 'AGENT_NOT_FOUND');
  const malformed = await commands.send({ pause: { agent_id: `${agent_id}999` } });
  assert.equal(grpc.status[malformed.refused.code], 'INVALID_ARGUMENT');
  const resumed = await commands.send({ resume: { agent_id } });
  assert.equal(resumed.done.agent.status, 'AGENT_STATUS_PENDING');
  await commands.end();
  return paused.done.sequence;
}

async function watch(experiment_id) {
  const seen = { events: 0, payloads: {}, pausedBy: 0 };
  for await (const event of client.StreamEvents({ experiment_id }, metadata)) {
    seen.events += 1;
    assert.equal(event.sequence, seen.events, 'no gap, and none twice');
    assert.equal(event.experiment_id, experiment_id);
    seen.payloads[event.payload] = (seen.payloads[event.payload] ?? 0) + 1;
    seen.last = event.payload;
    if (event.payload === 'generation_started' && event.generation_started.generation === 0) {
      seen.agent = event.generation_started.agents.at(-1).agent_id;
      seen.pausedBy = await pauseAndResume(seen.agent);
    }
    if (event.payload === 'agent_paused') {
      assert.equal(event.sequence, seen.pausedBy, 'the answer names the event that the command caused');
    }
  }
  return seen;
}

const request = { request_id: randomUUID(), config_yaml: readFileSync(configFile, 'utf8') };
assert.equal(await codeOf(call('StartExperiment', request, new grpc.Metadata())), 'UNAUTHENTICATED');
const started = await call('StartExperiment', request);
assert.equal(started.created, true);
assert.equal((await call('StartExperiment', request)).created, false);
const experiment_id = started.experiment.id;
const seen = await watch(experiment_id);
const ended = await call('GetExperiment', { experiment_id });
assert.equal(ended.last_sequence, seen.events);
assert.equal(await codeOf(call('GetExperiment', { experiment_id: 'nowhere' })), 'NOT_FOUND');
assert.equal(await codeOf(call('StartExperiment', { config_yaml: 'population: -1' })), 'INVALID_ARGUMENT');
console.log(JSON.stringify({ ...seen, state: ended.state }));
client.close();
