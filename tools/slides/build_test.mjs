// The build as a whole: what it makes of a small repository, and how it fails.

import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const LESSONS = {'02_connection': {title: 'Connection', slides: 'slides/02_connection.md', exercises: {
  start: {title: 'Start', minutes: 10, file: 'start.cc', problem: '', hole: ['x'], answer: ['y']}}}};
const EXERCISE = '# Connection\n\n```sh\nbazel test //lessons/02_connection:start_test\n```\n\n<!-- 10 minutes. -->\n';
const DAY = {plans: [{title: 'A day', start: '9:00', minutes: 60, entries: [{deck: '02_connection', exercises: 'all'}]}]};

/** Builds decks, {name: text}, in a repository of their own. */
function build(decks, plans = DAY) {
  const root = mkdtempSync(path.join(process.env.TEST_TMPDIR ?? '/tmp', 'build.'));
  mkdirSync(path.join(root, 'slides'));
  mkdirSync(path.join(root, 'out'));
  copyFileSync('slides/theme.css', path.join(root, 'slides/theme.css'));
  writeFileSync(path.join(root, 'slides/schedule.json'), JSON.stringify(plans));
  writeFileSync(path.join(root, 'lessons.json'), JSON.stringify(LESSONS));
  for (const [name, text] of Object.entries(decks)) {
    writeFileSync(path.join(root, 'slides', `${name}.md`), `---\ntheme: workshop\n---\n\n${text}`);
  }
  const run = spawnSync('node', [here('build.mjs'), 'out', 'lessons.json', ...Object.keys(decks).map((name) => `slides/${name}.md`)],
      {cwd: root, encoding: 'utf8'});
  const made = (name) => readFileSync(path.join(root, 'out', name), 'utf8');
  return {...run, root, made, has: (name) => existsSync(path.join(root, 'out', name))};
}

test('pages, an index and a schedule are made, and only the schedule is printed', () => {
  const {status, stdout, stderr, made} = build({'02_connection': EXERCISE, 'closing': '# The end\n\n<!-- 5 minutes. -->'});
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  assert.match(made('02_connection.html'), /bespoke/);
  assert.match(stdout, /A day: 10 of 60 minutes/);
  assert.equal(stdout, `${made('schedule.txt')}\n`);
  const index = made('index.html');
  assert.match(index, /<a class="deck" href="02_connection\.html">\s*<h2>02 Connection<\/h2>/);
  assert.match(index, /<h2>The end<\/h2>/);
  assert.match(index, /lessons\/02_connection\/README\.md/);
  assert.doesNotMatch(index + made('02_connection.html'), /(?:src|href)="https?:|url\(["']?https?:/);
});

test('a page is printed, a sheet for each slide', () => {
  const {root, made} = build({'closing': '# The end\n\n<!-- 5 minutes. -->\n\n---\n\n# Really\n\n<!-- 1 minute. -->'}, {plans: []});
  const {status, stderr} = spawnSync('node', [here('pdf.mjs'), 'out', 'out/closing.html'], {cwd: root, encoding: 'utf8'});
  assert.equal(status, 0, stderr);
  assert.equal(made('closing.pdf').match(/\/Type \/Page\n/g).length, 2);
});

test('a region that is gone fails the build, naming deck, line, file and what to do', () => {
  const deck = `${EXERCISE}\n---\n\n## More\n\n\`\`\`proto file=slides/theme.css region=movie\n\`\`\`\n\n<!-- 1 minute. -->`;
  const {status, stderr, has} = build({'02_connection': deck});
  assert.equal(status, 1);
  assert.match(stderr, /^slides\/02_connection\.md:17: slide 2, "More": slides\/theme\.css has no region "movie".* Put "Slide: movie"/m);
  assert.match(stderr, /CONTRIBUTING\.md, "Slides"/);
  assert.ok(!has('index.html'));
});

test('an exercise without its slide fails the build', () => {
  const {status, stderr} = build({'02_connection': '# Connection\n\n<!-- 1 minute. -->'}, {plans: []});
  assert.equal(status, 1);
  assert.match(stderr, /slides\/02_connection\.md: no slide has the command of exercise start: bazel test \/\/lessons/);
});

test('an exercise has one slide, in its lesson\'s deck', () => {
  const twice = build({'02_connection': `${EXERCISE}\n---\n\n${EXERCISE}`}, {plans: []});
  assert.match(twice.stderr, /the command of 02_connection\.start belongs on one slide/);
  const elsewhere = build({'02_connection': EXERCISE, 'closing': EXERCISE}, {plans: []});
  assert.match(elsewhere.stderr, /closing\.md:5: slide 1, "Connection": the command of 02_connection\.start belongs on one slide/);
});

test('a plan that is too long fails the build', () => {
  const {status, stderr} = build({'02_connection': EXERCISE}, {plans: [{...DAY.plans[0], minutes: 5}]});
  assert.equal(status, 1);
  assert.match(stderr, /schedule\.json: "A day" has 5 minutes and takes 10/);
});

test('without the npm packages it is said what to run', () => {
  const root = mkdtempSync(path.join(process.env.TEST_TMPDIR ?? '/tmp', 'node.'));
  mkdirSync(path.join(root, 'npm'));
  writeFileSync(path.join(root, 'npm/package-lock.json'), '{}');
  copyFileSync(realpathSync(here('../npm/node.sh')), path.join(root, 'npm/node.sh'));
  const {status, stderr} = spawnSync(path.join(root, 'npm/node.sh'), ['x.mjs'], {encoding: 'utf8'});
  assert.equal(status, 1);
  assert.match(stderr, /the npm packages of tools\/npm are missing or not up to date/);
  assert.match(stderr, /no lesson does. Run:\n {2}tools\/setup --tests/);
});

test('without Node.js it is said what to run', () => {
  const {status, stderr} = spawnSync('/bin/bash', [here('../npm/node.sh'), 'x.mjs'],
      {encoding: 'utf8', env: {PATH: path.join(process.env.TEST_TMPDIR ?? '/tmp', 'nothing')}});
  assert.equal(status, 1);
  assert.match(stderr, /Node\.js is missing/);
});
