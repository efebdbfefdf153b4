// A server program of ours, run for the test of a client that is not ours.

import {execFileSync, spawn} from 'node:child_process';
import {mkdtempSync} from 'node:fs';
import path from 'node:path';
import {createInterface} from 'node:readline';

/** How long to wait for what has to come; long enough for a loaded machine. */
const PATIENCE_MS = 30_000;

/** A program that listens on a free port of 127.0.0.1. */
export class Program {
  /** Starts the program, with `--address=127.0.0.1:0`, and waits until it says on which port it listens. */
  static async start(file, args = []) {
    const program = new Program(file, args);
    try {
      const line = await program.waitForLine(/\bport \d+/);
      program.port = Number(/\bport (\d+)/.exec(line)[1]);
    } catch (error) {
      await program.stop();
      throw error;
    }
    program.address = `127.0.0.1:${program.port}`;
    return program;
  }

  /** For `start`. */
  constructor(file, args) {
    this.lines = [];
    this.waiting = new Set();
    this.child = spawn(file, ['--address=127.0.0.1:0', ...args], {stdio: ['ignore', 'pipe', 'inherit']});
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => resolve(signal ?? code));
    });
    this.ended.catch(() => {});
    createInterface({input: this.child.stdout}).on('line', (line) => {
      this.lines.push(line);
      for (const look of this.waiting) look();
    });
  }

  /** Waits for a line of the program's output that matches. Earlier ones count too. */
  waitForLine(pattern) {
    return new Promise((resolve, reject) => {
      const settle = (settled, value) => {
        clearTimeout(timer);
        this.waiting.delete(look);
        settled(value);
      };
      const fail = (why) => settle(reject, new Error(`${why} before it said ${pattern}. It said:\n${this.lines.join('\n')}`));
      const look = () => {
        const line = this.lines.find((said) => pattern.test(said));
        if (line !== undefined) settle(resolve, line);
      };
      const timer = setTimeout(() => fail('The program let the time run out'), PATIENCE_MS);
      this.waiting.add(look);
      this.ended.then(() => fail('The program ended'), (error) => fail(`The program did not start (${error.message})`));
      look();
    });
  }

  /** Ends the program as Ctrl-C does; resolves with its exit code, or the signal that it died of. */
  async stop() {
    this.child.kill('SIGTERM');
    const timer = setTimeout(() => this.child.kill('SIGKILL'), PATIENCE_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Makes a certificate for 127.0.0.1 that signs itself. Returns the paths of it and of its key. */
export function makeCertificate() {
  const folder = mkdtempSync(path.join(process.env.TEST_TMPDIR ?? '/tmp', 'certificate.'));
  const cert = path.join(folder, 'cert.pem');
  const key = path.join(folder, 'key.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', key, '-out', cert], {stdio: ['ignore', 'ignore', 'pipe']});
  return {cert, key};
}
