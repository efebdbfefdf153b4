// Our client of lesson 09 against a server that is not ours, in another language:
// Node's @grpc/grpc-js with @grpc/reflection. The client knows its address.

import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {after, before, test} from 'node:test';

import {require} from '../tools/npm/npm.mjs';
import {makeCertificate} from './program.mjs';

const grpc = require('@grpc/grpc-js');
const {loadSync} = require('@grpc/proto-loader');
const {ReflectionService} = require('@grpc/reflection');

const CLIENT = 'solutions/09_reflection/client';
const proto = loadSync('weather/v1/weather.proto', {
  includeDirs: ['interop'],
  keepCase: true,
  enums: String,
  longs: String,
});
const {Weather} = grpc.loadPackageDefinition(proto).weather.v1;

/** A failed call's error with a detail of the server's own type. */
function notFound(call) {
  const metadata = new grpc.Metadata();
  metadata.set('grpc-status-details-bin', encodeStatus(encodeReading({station: call.request.station})));
  return {code: grpc.status.NOT_FOUND, details: `no station ${call.request.station}`, metadata};
}

const encodeReading = (reading) => Weather.service.Latest.responseSerialize(reading);

/** google.rpc.Status {code: 5, message, details: [Any of weather.v1.Reading]}, field by field. */
function encodeStatus(reading) {
  const field = (number, bytes) => Buffer.concat([Buffer.from([number << 3 | 2, bytes.length]), bytes]);
  const any = Buffer.concat([field(1, Buffer.from('type.googleapis.com/weather.v1.Reading')), field(2, reading)]);
  return Buffer.concat([Buffer.from([0x08, 5]), field(2, Buffer.from('no station')), field(3, any)]);
}

let cancelled;
const endless = new Promise((resolve) => {
  cancelled = resolve;
});

const handlers = {
  Latest(call, callback) {
    if (call.request.station === 'Atlantis') {
      callback(notFound(call));
      return;
    }
    callback(null, {
      station: `${call.request.station} ${call.metadata.get('x-request-id').join('+')}`,
      celsius: Number.isFinite(+call.getDeadline()) ? 1.5 : -1.5,
      sky: 'SKY_CLOUDY',
      taken: call.request.since,
    });
  },
  History(call) {
    if (call.request.station === 'Endless') {
      call.write({station: 'Endless'});
      call.on('cancelled', cancelled);
      return;
    }
    for (const celsius of [1, 2, 3]) call.write({station: call.request.station, celsius});
    call.end();
  },
  Record(call, callback) {
    const readings = {};
    call.on('data', ({station}) => {
      readings[station] = (readings[station] ?? 0) + 1;
    });
    call.on('end', () => callback(null, {readings}));
  },
  Watch(call) {
    call.on('data', ({station}) => call.write({station, sky: 'SKY_CLEAR'}));
    call.on('end', () => call.end());
  },
};

const servers = [];

/** Starts a server on a free port; returns its address. */
async function start({reflection = true, credentials = grpc.ServerCredentials.createInsecure()} = {}) {
  const server = new grpc.Server();
  server.addService(Weather.service, handlers);
  if (reflection) new ReflectionService(proto).addToServer(server);
  servers.push(server);
  const port = await new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, bound) => error ? reject(error) : resolve(bound));
  });
  return `127.0.0.1:${port}`;
}

let address;
before(async () => {
  address = await start();
});
after(() => {
  for (const server of servers) server.forceShutdown();
});

/** Runs our client; resolves with what it printed and its exit code. */
function client(args, {input = '', target = address} = {}) {
  return new Promise((resolve) => {
    const child = execFile(CLIENT, [`--target=${target}`, '--deadline=30s', ...args], {timeout: 60_000},
      (error, stdout, stderr) => resolve({code: error ? (error.code ?? error.signal) : 0, stdout, stderr}));
    child.stdin.end(input);
  });
}

/** What a command that goes well printed. */
async function prints(args, options) {
  const {code, stdout, stderr} = await client(args, options);
  assert.equal(code, 0, stderr);
  return stdout;
}

/** The messages that a call printed. */
const answers = async (args, options) => (await prints(['call', ...args], options)).trim().split('\n').map((line) => JSON.parse(line));

test('lists services and methods', async () => {
  assert.ok((await prints(['list'])).split('\n').includes('weather.v1.Weather'));
  assert.equal(await prints(['list', 'weather.v1.Weather']),
    ['Latest', 'History', 'Record', 'Watch'].map((name) => `weather.v1.Weather/${name}\n`).join(''));
});

test('describes', async () => {
  const service = await prints(['describe', 'weather.v1.Weather']);
  assert.match(service, /rpc Watch\(stream \.weather\.v1\.ReadingQuery\) returns \(stream \.weather\.v1\.Reading\)/);
  const message = await prints(['describe', 'weather.v1.Reading']);
  assert.match(message, /\.google\.protobuf\.Timestamp taken = 4/);
  assert.match(await prints(['describe', 'weather.v1.Sky']), /SKY_CLOUDY = 2;/);
});

test('unary, with headers and a deadline', async () => {
  const [reading] = await answers(['weather.v1.Weather/Latest', '{"station": "Oslo", "since": "2024-02-29T12:00:00Z"}',
    '--header', 'X-Request-Id: 42', '--header=x-request-id: 43']);
  assert.deepEqual(reading, {station: 'Oslo 42, 43', celsius: 1.5, sky: 'SKY_CLOUDY', taken: '2024-02-29T12:00:00Z'});
});

test('server streaming', async () => {
  const readings = await answers(['weather.v1.Weather.History', '{"station": "Oslo"}']);
  assert.deepEqual(readings.map(({celsius}) => celsius), [1, 2, 3]);
});

test('client streaming, a map in the response', async () => {
  const input = '{"station": "Oslo"}\n{"station": "Rome"}\n\n{"station": "Oslo"}\n';
  assert.deepEqual(await answers(['weather.v1.Weather/Record', '-'], {input}), [{readings: {Oslo: 2, Rome: 1}}]);
});

test('streaming both ways', async () => {
  assert.deepEqual(await answers(['weather.v1.Weather/Watch', '{"station": "Oslo"}', '{"station": "Rome"}']),
    [{station: 'Oslo', sky: 'SKY_CLEAR'}, {station: 'Rome', sky: 'SKY_CLEAR'}]);
});

test('an error with a detail of the server\'s own type', async () => {
  const {code, stdout, stderr} = await client(['call', 'weather.v1.Weather/Latest', '{"station": "Atlantis"}']);
  assert.equal(code, 1);
  assert.equal(stdout, '');
  assert.equal(stderr, 'NOT_FOUND: no station Atlantis\n  weather.v1.Reading {"station":"Atlantis"}\n');
});

test('a deadline cancels the call on the server', async () => {
  const {code, stderr} = await client(['call', 'weather.v1.Weather/History', '{"station": "Endless"}', '--deadline=1s']);
  assert.equal(code, 1);
  assert.match(stderr, /^DEADLINE_EXCEEDED: /);
  await endless;
});

test('an unknown name', async () => {
  const {code, stderr} = await client(['describe', 'weather.v1.Storm']);
  assert.equal(code, 1);
  assert.match(stderr, /weather\.v1\.Storm/);
});

test('TLS', async () => {
  const {cert, key} = makeCertificate();
  const credentials = grpc.ServerCredentials.createSsl(null, [{cert_chain: readFileSync(cert), private_key: readFileSync(key)}]);
  const target = await start({credentials});
  const listed = await prints(['list', '--tls', `--ca_file=${cert}`], {target});
  assert.match(listed, /^weather\.v1\.Weather$/m);
  const {code, stderr} = await client(['list', '--deadline=10s'], {target});
  assert.equal(code, 1, 'Plain text to a server that wants TLS');
  assert.match(stderr, /UNAVAILABLE/);
});

test('a server without reflection', async () => {
  const target = await start({reflection: false});
  const {code, stderr} = await client(['list'], {target});
  assert.equal(code, 1);
  assert.match(stderr, /^UNIMPLEMENTED: .*has no reflection/);
});
