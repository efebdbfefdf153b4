import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {mkdirSync, mkdtempSync, writeFileSync} from 'node:fs';
import {request} from 'node:http';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {fileURLToPath} from 'node:url';

const SCRIPT = fileURLToPath(new URL('serve.mjs', import.meta.url));
const root = mkdtempSync(path.join(process.env.TEST_TMPDIR ?? '/tmp', 'serve.'));
for (const [name, text] of Object.entries({
  'pages/index.html': 'all decks', 'pages/02_x.html': 'a deck', 'lessons/02_x/README.md': 'a lesson', 'secret': 'no'})) {
  mkdirSync(path.dirname(path.join(root, name)), {recursive: true});
  writeFileSync(path.join(root, name), text);
}

/** Starts serving; resolves with the process and what it says first. */
function serve(port) {
  const {DISPLAY, WAYLAND_DISPLAY, ...env} = process.env;
  const server = spawn('node', [SCRIPT, 'pages', '02_x.html', String(port)], {cwd: root, env});
  return new Promise((resolve) => {
    for (const stream of [server.stdout, server.stderr]) stream.once('data', (text) => resolve({server, said: String(text)}));
  });
}

/** Asks for a path as it is, without any tidying. */
const get = (port, target) => new Promise((resolve, reject) => {
  request({host: '127.0.0.1', port, path: target}, (response) => {
    let text = '';
    response.on('data', (chunk) => {
      text += chunk;
    }).on('end', () => resolve({status: response.statusCode, type: response.headers['content-type'], text}));
  }).on('error', reject).end();
});

let server;
let port;
before(async () => {
  const started = await serve(0);
  server = started.server;
  port = Number(/http:\/\/127\.0\.0\.1:(\d+)\/02_x\.html/.exec(started.said)[1]);
});
after(() => server.kill());

test('decks and their index are served', async () => {
  assert.deepEqual(await get(port, '/02_x.html'), {status: 200, type: 'text/html; charset=utf-8', text: 'a deck'});
  assert.equal((await get(port, '/')).text, 'all decks');
});

test('what decks link to is served as text', async () => {
  assert.deepEqual(await get(port, '/lessons/02_x/README.md'), {status: 200, type: 'text/plain; charset=utf-8', text: 'a lesson'});
});

test('nothing else is', async () => {
  for (const target of ['/secret', '/../secret', '/lessons/../secret', '/lessons/%2e%2e/secret', '/lessons/..%2fsecret', '/%']) {
    assert.equal((await get(port, target)).status, 404, target);
  }
});

test('a port that is taken is said so', async () => {
  assert.match((await serve(port)).said, /cannot serve on port \d+: .*Choose another: --port/);
});
