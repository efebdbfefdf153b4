// `buf curl`, which is not ours, knows nothing of our server but its address.

import assert from 'node:assert/strict';
import {execFile} from 'node:child_process';
import path from 'node:path';
import {after, before, test} from 'node:test';

import {require} from '../tools/npm/npm.mjs';
import {makeCertificate, Program} from './program.mjs';

const SERVER = 'solutions/09_reflection/server';
const BUF = path.join(path.dirname(require.resolve('@bufbuild/buf/package.json')), 'bin/buf');

let server;
before(async () => {
  server = await Program.start(SERVER);
});
after(() => server?.stop());

/** Runs `buf curl`; resolves with what it printed and its exit code, which is eight times the gRPC code. */
function curl(...args) {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [BUF, 'curl', '--protocol=grpc', '--timeout=30s', ...args],
      {env: {...process.env, HOME: process.env.TEST_TMPDIR ?? process.env.HOME}, timeout: 60_000},
      (error, stdout, stderr) => resolve({code: error ? (error.code ?? error.signal) : 0, stdout, stderr}));
    child.stdin.end();
  });
}

const base = () => `http://${server.address}`;
const method = (name) => `${base()}/movies.v1.MoviesService/${name}`;

/** The JSON values that follow each other in a text, each one indented as buf prints it. */
const values = (text) => text.split(/^(?=\{)/m).filter((part) => part.trim()).map((part) => JSON.parse(part));

/** What a call printed; fails unless it went well. */
async function answers(...args) {
  const {code, stdout, stderr} = await curl(...args);
  assert.equal(code, 0, stderr);
  return values(stdout);
}

test('lists the services', async () => {
  const {code, stdout, stderr} = await curl('--list-services', base());
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n'),
    ['grpc.health.v1.Health', 'grpc.reflection.v1alpha.ServerReflection', 'movies.v1.MoviesService']);
});

test('describes every method of every service, health among them', async () => {
  const {code, stdout, stderr} = await curl('--list-methods', base());
  assert.equal(code, 0, stderr);
  assert.deepEqual(stdout.trim().split('\n'), [
    'grpc.health.v1.Health/Check',
    'grpc.health.v1.Health/Watch',
    'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
    'movies.v1.MoviesService/AddMovies',
    'movies.v1.MoviesService/GetMovie',
    'movies.v1.MoviesService/QueryMovie',
    'movies.v1.MoviesService/RateMovie',
    'movies.v1.MoviesService/RateMovies',
  ]);
});

test('calls a unary method', async () => {
  const [movie] = await answers('-d', '{"mid": 1}', method('GetMovie'));
  assert.equal(movie.movieName, 'Metropolis (1927)');
});

test('reads a stream', async () => {
  const movies = await answers('-d', '{"query": "robot"}', method('QueryMovie'));
  assert.ok(movies.length > 2, `${movies.length} movies`);
  for (const movie of movies) assert.match(movie.movieDescription, /robot/i);
});

test('writes a stream', async () => {
  const [summary] = await answers('-d', '{"mid": 901, "movieName": "A"} {"mid": 901, "movieName": "B"}', method('AddMovies'));
  assert.deepEqual(summary, {added: 1, replaced: 1});
});

test('does both at once', async () => {
  const scores = await answers('-d', '{"mid": 2, "stars": 5} {"mid": 2, "stars": 4}', method('RateMovies'));
  assert.deepEqual(scores, [{mid: 2, ratings: 1, average: 5}, {mid: 2, ratings: 2, average: 4.5}]);
});

test('asks for health', async () => {
  const [health] = await answers('-d', '{}', `${base()}/grpc.health.v1.Health/Check`);
  assert.deepEqual(health, {status: 'SERVING'});
});

test('prints an error with the types of its details', async () => {
  const {code, stderr} = await curl('-d', '{"mid": 999}', method('GetMovie'));
  assert.equal(code, 5 * 8, stderr);
  const error = JSON.parse(stderr);
  assert.equal(error.code, 'not_found');
  assert.deepEqual(error.details.map(({type}) => type), ['movies.v1.MovieError', 'google.rpc.ErrorInfo']);
});

test('sends and shows metadata', async () => {
  const {code, stderr} = await curl('-v', '-H', 'x-request-id: r-7', '-d', '{"mid": 1}', method('GetMovie'));
  assert.equal(code, 0, stderr);
  assert.match(stderr, /< .*x-request-id: r-7/i);
});

test('is told that there is no such method', async () => {
  const {code, stderr} = await curl('-d', '{}', method('LoseMovie'));
  assert.notEqual(code, 0);
  assert.match(stderr, /LoseMovie/);
});

test('learns nothing from a server without reflection', async (t) => {
  const silent = await Program.start(SERVER, ['--reflection=false']);
  t.after(() => silent.stop());
  const {code, stderr} = await curl('--list-services', `http://${silent.address}`);
  assert.notEqual(code, 0);
  assert.match(stderr, /unimplemented/);
});

test('comes over TLS', async (t) => {
  const {cert, key} = makeCertificate();
  const secure = await Program.start(SERVER, [`--cert_file=${cert}`, `--key_file=${key}`]);
  t.after(() => secure.stop());
  const [movie] = await answers('--cacert', cert, '-d', '{"mid": 1}',
    `https://${secure.address}/movies.v1.MoviesService/GetMovie`);
  assert.equal(movie.movieName, 'Metropolis (1927)');
});
