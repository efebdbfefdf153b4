// serve.mjs FOLDER PAGE PORT serves the decks in FOLDER to browsers on this machine
// until it is ended, and opens PAGE if there is a desktop. Runs in the repository's
// root.

import {spawn} from 'node:child_process';
import {readFile, realpath} from 'node:fs/promises';
import {createServer} from 'node:http';
import path from 'node:path';

// What decks link to.
const SOURCES = /^\/(lessons|solutions|proto|support)\//;

async function main([folder, page, port]) {
  const pages = await realpath(folder);
  const root = await realpath('.');
  const server = createServer(async (request, response) => {
    try {
      // Decoded before it is tidied: %2f may stand for another slash.
      const name = path.posix.normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
      const base = SOURCES.test(name) ? root : pages;
      const file = path.join(base, name === '/' ? 'index.html' : name);
      if (!file.startsWith(base + path.sep)) throw new Error('outside');
      const text = await readFile(file);
      const types = {'.html': 'text/html', '.pdf': 'application/pdf', '.svg': 'image/svg+xml'};
      response.writeHead(200, {'Content-Type': `${types[path.extname(file)] ?? 'text/plain'}; charset=utf-8`});
      response.end(text);
    } catch {
      response.writeHead(404, {'Content-Type': 'text/plain'});
      response.end('There is no such page.\n');
    }
  });
  server.on('error', (error) => {
    console.error(`slides: cannot serve on port ${port}: ${error.message}. Choose another: --port`);
    process.exitCode = 1;
  });
  server.listen(Number(port), '127.0.0.1', () => {
    const url = `http://127.0.0.1:${server.address().port}/${page}`;
    console.log(`The slides are at ${url}\nKeys: arrows to move, f to fill the screen, p for the speaker's notes. Ctrl-C ends.`);
    if (process.env.DISPLAY || process.env.WAYLAND_DISPLAY) {
      // Without one, the line above is enough.
      spawn('xdg-open', [url], {stdio: 'ignore', detached: true}).on('error', () => {}).unref();
    }
  });
}

await main(process.argv.slice(2));
