// Decks that have something wrong with them, in a small repository.

import assert from 'node:assert/strict';
import {mkdirSync, mkdtempSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';
import {workshop} from './deck.mjs';
import {require} from '../npm/npm.mjs';

const {Marp} = require('@marp-team/marp-core');

const THEME = `/*
@theme workshop
@codeSize 20px
@codeLinesLarge 3
@codeLines 4
@codeColumns 40
@codeColumnsTogether 50
@codeColumnsBeside 30
*/`;

const lessons = {
  '02_connection': {slides: 'slides/02_connection.md', exercises: {
    start: {minutes: 10, file: 'start.cc', problem: '', hole: ['// TODO'], answer: ['a();', 'b();']},
    call: {minutes: 5, file: 'call.cc', problem: '', hole: ['// TODO'], answer: Array(5).fill('a();')},
    wide: {minutes: 5, file: 'wide.cc', problem: '', hole: ['// TODO'],
      answer: ['Call(number_one, number_two, number_three);']},
    list: {minutes: 5, file: 'list.proto', problem: '', hole: ['// TODO', 'rpc F(A) returns (B);'],
      answer: ['rpc F(A) returns (B) {}']},
  }},
};

const root = mkdtempSync(path.join(process.env.TEST_TMPDIR ?? '/tmp', 'deck.'));
const files = {
  'lessons/02_connection/BUILD.bazel': '',
  'lessons/02_connection/README.md': '# Connection',
  'lessons/02_connection/multiplexing_test.cc': '',
  'lessons/02_connection/light.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>',
  'lessons/02_connection/dark.svg':
    '<svg xmlns="http://www.w3.org/2000/svg"><style>@media (prefers-color-scheme: dark) {}</style></svg>',
  'slides/03_streaming.md': '',
  'slides/pictures/graphviz.css': 'text { fill: red; }',
  'slides/pictures/good.dot': 'digraph { a -> b }',
  'slides/pictures/bad.dot': 'digraph { a -> ',
};
for (const [file, text] of Object.entries(files)) {
  mkdirSync(path.dirname(path.join(root, file)), {recursive: true});
  writeFileSync(path.join(root, file), text);
}
process.chdir(root);

/** Renders a deck; {html, slides, problems}. */
function render(markdown) {
  const marp = new Marp({emoji: {shortcode: false, unicode: false}, math: false, script: false});
  marp.themeSet.add(THEME);
  marp.use(workshop, {marp, deck: 'slides/02_connection.md', lessons});
  const {html} = marp.render(`---\ntheme: workshop\n---\n\n${markdown}`);
  return {html, ...marp.workshop};
}

/** A slide that is right but for `body`. */
const slide = (body, notes = '3 minutes. Say so.') => `# Title\n\n${body}\n\n<!-- ${notes} -->\n`;

function expectProblem(markdown, pattern) {
  const {problems} = render(markdown);
  assert.equal(problems.length, 1, problems.join('\n'));
  assert.match(problems[0], pattern);
}

function expectGood(markdown) {
  const result = render(markdown);
  assert.deepEqual(result.problems, []);
  return result;
}

test('a problem names deck, line, slide and title', () => {
  expectProblem(`${slide('')}\n---\n\n${slide('\n```cpp\nint x;\n```')}`,
      /^slides\/02_connection\.md:16: slide 2, "Title": cpp code is never typed/);
});

test('C++, proto and BUILD code is never typed', () => {
  for (const language of ['cpp', 'c++', 'js', 'proto', 'starlark', 'bazel', 'python']) {
    expectProblem(slide(`\`\`\`${language}\nx\n\`\`\``), /is never typed on a slide, so that all of it is compiled/);
  }
});

test('a fence says what it is', () => {
  expectProblem(slide('```\nx\n```'), /the fence's language is ""/);
  expectProblem(slide('    int x;'), /code that is indented is typed/);
  expectProblem(slide('<pre>int x;</pre>'), /code in HTML is typed/);
});

test('Go is typed', () => {
  assert.match(expectGood(slide('```go\nx := 1\n```')).html, /<figcaption>Go<\/figcaption>/);
});

test('included code stands under the place that it comes from', () => {
  const {html} = expectGood(slide('```cpp exercise=02_connection.start\n```'));
  assert.match(html, /<figcaption>solutions\/02_connection\/start\.cc<\/figcaption>/);
  assert.match(html, /b<\/span>\(\);/);
});

test('an exercise may be a .proto', () => {
  const {html} = expectGood(slide('```proto exercise=02_connection.list\n```'));
  assert.match(html, /<figcaption>solutions\/02_connection\/list\.proto<\/figcaption>/);
  assert.match(html, /<span class="hljs-keyword">rpc<\/span>/);
  assert.match(expectGood(slide('```proto hole=02_connection.list\n```')).html, /lessons\/02_connection\/list\.proto/);
});

test('an exercise that is gone fails, with what there is', () => {
  expectProblem(slide('```cpp exercise=02_connection.stop\n```'), /no exercise 02_connection\.stop; there are 02_connection\.start/);
});

test('nothing is typed into an include', () => {
  expectProblem(slide('```cpp exercise=02_connection.start\nint x;\n```'), /nothing is typed between its lines/);
});

test('code that is too long or too wide fails, in the theme\'s terms', () => {
  expectProblem(slide('```cpp exercise=02_connection.call\n```'),
      /call\.cc has 5 lines of up to 4 columns; 4 lines of 40 columns fit at 20px.*Show less/);
  expectProblem(slide('```cpp exercise=02_connection.wide\n```'), /1 lines of up to 43 columns/);
});

test('code of many lines makes its slide dense', () => {
  assert.match(expectGood(slide('```text\n1\n2\n3\n4\n```')).html, /<section[^>]*class="[^"]*dense/);
  assert.doesNotMatch(expectGood(slide('```text\n1\n2\n3\n```')).html, /<section[^>]*class="[^"]*dense/);
});

test('beside Go, clang-format lays C++ out anew', () => {
  const {slides} = expectGood(slide('<!-- _class: columns -->\n\n```go\nCall(one)\n```\n\n```cpp exercise=02_connection.wide\n```'));
  assert.deepEqual(slides[0].blocks[1].lines, ['Call(number_one, number_two,', '     number_three);']);
});

test('two columns that are too wide together fail', () => {
  expectProblem(slide('<!-- _class: columns -->\n\n```go\n// 25 columns, or some more\n```\n\n```cpp exercise=02_connection.wide\n```'),
      /the two columns have 55 columns of code together; 50 fit/);
});

test('a slide without notes or minutes fails', () => {
  expectProblem('# Title\n', /slide 1, "Title": the slide's notes do not begin with its minutes/);
  expectProblem(slide('', 'Say so.'), /notes do not begin with its minutes/);
});

test('a slide has a heading', () => {
  expectProblem('Text\n\n<!-- 3 minutes. -->', /slide 1: the slide has no heading/);
});

const COMMAND = '```sh\nbazel test //lessons/02_connection:start_test\n```';

test('an exercise\'s minutes are those of the lesson', () => {
  const {slides, html} = expectGood(slide(COMMAND, '10 minutes. Say so.'));
  assert.deepEqual([slides[0].talk, slides[0].exercise], [0, 10]);
  assert.match(html, /<section[^>]*class="[^"]*exercise/);
  expectProblem(slide(COMMAND, '8 minutes.'), /give 8 minutes to 02_connection\.start, and lesson\.textproto gives 10/);
});

test('a slide may talk and have an exercise', () => {
  const {slides} = expectGood(slide(COMMAND, '2 minutes, and 10 for the exercise.'));
  assert.deepEqual([slides[0].talk, slides[0].exercise], [2, 10]);
  expectProblem(slide(COMMAND, '10 minutes, and 2 for the exercise.'), /give 2 minutes/);
  expectProblem(slide('', '10 minutes, and 2 for the exercise.'), /has the command of none/);
});

test('two exercises on a slide add up', () => {
  expectGood(slide('```sh\nbazel test //lessons/02_connection:start_test\nbazel test //lessons/02_connection:call_test\n```',
      '15 minutes.'));
});

test('a command names something that is there', () => {
  expectGood(slide('```sh\nbazel test //lessons/02_connection:multiplexing_test\nbazel test //lessons/02_connection\n```'));
  expectProblem(slide('```sh\nbazel test //lessons/02_connection:strat_test\n```'),
      /nothing is called \/\/lessons\/02_connection:strat_test/);
});

test('pictures are inside the page, with alt text', () => {
  const {html, slides} = expectGood(slide('![A box](../lessons/02_connection/light.svg)'));
  assert.match(html, /<img src="data:image\/svg\+xml;base64,[^"]+" alt="A box"[^>]* class="paper"/);
  assert.equal(slides[0].picture.alt, 'A box');
  assert.doesNotMatch(expectGood(slide('![A box](../lessons/02_connection/dark.svg)')).html, /class="paper"/);
});

test('a picture that is missing, elsewhere, behind, or without words fails', () => {
  expectProblem(slide('![A box](no.svg)'), /there is no picture slides\/no\.svg/);
  expectProblem(slide('![A box](https://movies.test/x.svg)'), /works without a network/);
  expectProblem(slide('![bg A box](../lessons/02_connection/light.svg)'), /background picture/);
  expectProblem(slide('![w:900](../lessons/02_connection/light.svg)'), /no alt text/);
  expectProblem(slide('![A box](03_streaming.md)'), /is no picture/);
});

test('Graphviz draws .dot, in our colours', () => {
  const {html} = expectGood(slide('![a to b](pictures/good.dot)'));
  const svg = Buffer.from(/base64,([^"]+)"/.exec(html)[1], 'base64').toString();
  assert.match(svg, /<svg[^>]*><style>text \{ fill: red; \}<\/style>/);
  expectProblem(slide('![a to b](pictures/bad.dot)'), /Graphviz cannot draw slides\/pictures\/bad\.dot: .*syntax error/s);
});

test('links lead to decks and files, as seen from bazel-bin', () => {
  const {html} = expectGood(slide('[next](03_streaming.md#2), [README](../lessons/02_connection/README.md), [out](https://grpc.io)'));
  assert.match(html, /href="03_streaming\.html#2"/);
  assert.match(html, /href="\.\.\/\.\.\/lessons\/02_connection\/README\.md"/);
  assert.match(html, /href="https:\/\/grpc\.io"/);
  expectProblem(slide('[next](04_errors.md)'), /the link to 04_errors\.md leads nowhere/);
});
