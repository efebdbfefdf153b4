// Node's @grpc/grpc-js, which is not ours, against our server, by the proto alone.

import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {connect} from 'node:http2';
import {after, before, test} from 'node:test';

import {require} from '../tools/npm/npm.mjs';
import {makeCertificate, Program} from './program.mjs';

const grpc = require('@grpc/grpc-js');
const {loadSync} = require('@grpc/proto-loader');

const SERVER = 'solutions/09_reflection/server';
const proto = loadSync(['movies/v1/movies.proto', 'google/rpc/status.proto', 'google/rpc/error_details.proto'], {
  // The last is where Bazel puts what movies.proto imports of Google's.
  includeDirs: ['proto', 'external/com_google_googleapis'],
  keepCase: true,
  enums: String,
  defaults: true,
});
const {movies} = grpc.loadPackageDefinition(proto);

let server;
let client;
before(async () => {
  server = await Program.start(SERVER);
  client = newClient(server);
});
after(async () => {
  client?.close();
  await server?.stop();
});

function newClient({address}, credentials = grpc.credentials.createInsecure()) {
  // The name is for TLS alone: an address is none.
  const options = {'grpc.enable_http_proxy': 0, 'grpc.ssl_target_name_override': 'localhost'};
  return new movies.v1.MoviesService(address, credentials, options);
}

const inSeconds = (seconds) => ({deadline: Date.now() + seconds * 1000});

/** Makes a call of one response; resolves with all there is to know of it, whether it went well or not. */
function unary(name, request, {metadata = new grpc.Metadata(), options = inSeconds(30), with: by = client} = {}) {
  return new Promise((resolve) => {
    const result = {};
    const call = by[name](request, metadata, options, (error, response) => Object.assign(result, {error, response}));
    call.on('metadata', (initial) => Object.assign(result, {initial}));
    // The status comes after the response.
    call.on('status', (status) => resolve({...result, status}));
  });
}

/** What a stream brings until it ends. Throws the call's error if it fails. */
async function all(stream) {
  const messages = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

/** The details of a failed call, {type: message}. */
function details(error) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const status = proto['google.rpc.Status'].deserialize(bytes);
  assert.equal(status.code, error.code);
  assert.equal(status.message, error.details);
  return Object.fromEntries(status.details.map((any) => {
    const type = any.type_url.slice(any.type_url.lastIndexOf('/') + 1);
    return [type, proto[type].deserialize(any.value)];
  }));
}

test('unary', async () => {
  const {error, response} = await unary('GetMovie', {mid: 1});
  assert.equal(error, null);
  assert.equal(response.movie_name, 'Metropolis (1927)');
});

test('server streaming', async () => {
  const found = await all(client.QueryMovie({query: 'robot'}, inSeconds(30)));
  assert.ok(found.length > 2, `${found.length} movies`);
  for (const movie of found) assert.match(movie.movie_description, /robot/i);
});

test('client streaming', async () => {
  const summary = await new Promise((resolve, reject) => {
    const call = client.AddMovies(inSeconds(30), (error, response) => error ? reject(error) : resolve(response));
    call.write({mid: 901, movie_name: 'A'});
    call.write({mid: 902, movie_name: 'B'});
    call.write({mid: 901, movie_name: 'C'});
    call.end();
  });
  assert.deepEqual(summary, {added: 2, replaced: 1});
});

test('both at once, an answer before the next question', async () => {
  const call = client.RateMovies(inSeconds(30));
  const scores = call[Symbol.asyncIterator]();
  for (const [stars, average] of [[5, 5], [4, 4.5], [3, 4]]) {
    call.write({mid: 3, stars});
    assert.equal((await scores.next()).value.average, average);
  }
  call.end();
  assert.equal((await scores.next()).done, true);
});

test('an error has details', async () => {
  const {error} = await unary('GetMovie', {mid: 999});
  assert.equal(error.code, grpc.status.NOT_FOUND);
  assert.match(error.details, /999/);
  const found = details(error);
  assert.equal(found['movies.v1.MovieError'].reason, 'MOVIE_NOT_FOUND');
  assert.equal(found['google.rpc.ErrorInfo'].reason, 'MOVIE_NOT_FOUND');
  assert.equal(found['google.rpc.ErrorInfo'].domain, 'movies.example.com');
});

test('an error ends a stream, with details, after the messages before it', async () => {
  const call = client.RateMovies(inSeconds(30));
  const scores = [];
  const failed = new Promise((resolve) => call.on('error', resolve));
  call.on('data', (score) => scores.push(score));
  call.write({mid: 4, stars: 5});
  call.write({mid: 4, stars: 6});
  const error = await failed;
  assert.equal(error.code, grpc.status.INVALID_ARGUMENT);
  assert.equal(scores.length, 1);
  assert.equal(details(error)['google.rpc.BadRequest'].field_violations[0].field, 'stars');
});

test('the server is told the deadline', async () => {
  const {error, status} = await unary('GetMovie', {mid: 1}, {options: inSeconds(60)});
  assert.equal(error, null);
  const left = Number(status.metadata.get('x-time-left-ms')[0]);
  assert.ok(left > 20_000 && left <= 61_000, `${left} ms`);
});

test('metadata goes there and back, as text and as bytes', async () => {
  const bytes = Buffer.from([0, 255, 10]);
  const metadata = new grpc.Metadata();
  metadata.add('x-request-id', 'r-1');
  metadata.add('x-request-id', 'r-2');
  metadata.add('x-request-id-bin', bytes);
  const {error, initial} = await unary('GetMovie', {mid: 1}, {metadata});
  assert.equal(error, null);
  // HTTP/2 lets whoever is on the way join values of one key by commas.
  assert.deepEqual(initial.get('x-request-id').join(',').split(/, ?/), ['r-1', 'r-2']);
  assert.deepEqual(initial.get('x-request-id-bin'), [bytes]);
});

test('text that gRPC takes in but does not let out is not echoed', async () => {
  const session = connect(`http://${server.address}`);
  try {
    const stream = session.request({
      ':method': 'POST', ':path': '/movies.v1.MoviesService/GetMovie',
      'content-type': 'application/grpc', 'te': 'trailers', 'x-request-id': 'a\tb',
    });
    const headers = new Promise((resolve, reject) => stream.on('response', resolve).on('error', reject));
    stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
    assert.equal((await headers)['x-request-id'], undefined);
    stream.resume();
  } finally {
    session.destroy();
  }
  // gRPC ends a program that sends such text: ours is still there.
  assert.equal((await unary('GetMovie', {mid: 1})).error, null);
});

// Whoever cancels a call before having ended its own side should know: grpc-js then
// ends that side first, and only after that resets the stream. A handler that reads
// may take the call for one that ended well. So these two have nothing more to send.

/** A server whose QueryMovie takes a minute for each movie, and a client of it. */
async function slowServer(t) {
  const slow = await Program.start(SERVER, ['--pace=60s']);
  const ofSlow = newClient(slow);
  t.after(async () => {
    ofSlow.close();
    await slow.stop();
  });
  // So that no call is spent on the connection.
  await new Promise((resolve, reject) => {
    ofSlow.waitForReady(Date.now() + 30_000, (error) => error ? reject(error) : resolve());
  });
  return {slow, ofSlow};
}

test('a cancelled call ends on the server', async (t) => {
  const {slow, ofSlow} = await slowServer(t);
  const call = ofSlow.QueryMovie({}, inSeconds(60));
  await new Promise((resolve) => call.once('data', resolve));
  const failed = assert.rejects(all(call), {code: grpc.status.CANCELLED});
  call.cancel();
  await failed;
  await slow.waitForLine(/QueryMovie ends: CANCELLED/);
});

test('a deadline passes on both sides', async (t) => {
  const {slow, ofSlow} = await slowServer(t);
  const call = ofSlow.QueryMovie({}, {deadline: Date.now() + 1000});
  await assert.rejects(all(call), {code: grpc.status.DEADLINE_EXCEEDED});
  await slow.waitForLine(/QueryMovie ends: CANCELLED/);
});

test('comes over TLS, and only to a server that it can trust', async (t) => {
  const {cert, key} = makeCertificate();
  const secure = await Program.start(SERVER, [`--cert_file=${cert}`, `--key_file=${key}`]);
  const trusting = newClient(secure, grpc.credentials.createSsl(readFileSync(cert)));
  const wary = newClient(secure, grpc.credentials.createSsl());
  t.after(async () => {
    trusting.close();
    wary.close();
    await secure.stop();
  });
  const {error, response} = await unary('GetMovie', {mid: 1}, {with: trusting});
  assert.equal(error, null);
  assert.equal(response.mid, 1);
  const refused = await unary('GetMovie', {mid: 1}, {with: wary});
  assert.equal(refused.error.code, grpc.status.UNAVAILABLE);
});
