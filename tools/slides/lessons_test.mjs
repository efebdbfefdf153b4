import assert from 'node:assert/strict';
import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {test} from 'node:test';

const PROGRAM = path.resolve('tools/slides/lessons');

/** What the program says of a lesson with one exercise. */
function lessons(stub, solution, file = 'go.cc') {
  const root = mkdtempSync(path.join(process.env.TEST_TMPDIR ?? '/tmp', 'lessons.'));
  for (const [name, text] of Object.entries({
    'lessons/02_x/lesson.textproto': 'name: "02_x" title: "X" slides: "slides/02_x.md"\n' +
      'exercises { name: "go" title: "Go" file: "' + file + '" minutes: 7 }',
    [`lessons/02_x/${file}`]: stub, [`solutions/02_x/${file}`]: solution})) {
    mkdirSync(path.dirname(path.join(root, name)), {recursive: true});
    writeFileSync(path.join(root, name), text);
  }
  return spawnSync(PROGRAM, ['lessons/02_x/lesson.textproto'], {cwd: root, encoding: 'utf8'});
}

const STUB = 'int Go() {\n  // TODO(02_x.go): Go.\n  return 0;\n  // END TODO(02_x.go)\n}\n';

test('an exercise has its minutes, its hole and its answer', () => {
  const {status, stdout} = lessons(STUB, 'int Go() {\n  return 1;\n}\n');
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), {'02_x': {title: 'X', slides: 'slides/02_x.md', exercises: {go: {
    title: 'Go', minutes: 7, file: 'go.cc', problem: '',
    hole: ['  // TODO(02_x.go): Go.', '  return 0;', '  // END TODO(02_x.go)'], answer: ['  return 1;']}}}});
});

test('an exercise may be a .proto', () => {
  const {stdout} = lessons(
      'service S {\n  // TODO(02_x.go): Go.\n  rpc F(A) returns (B);\n  // END TODO(02_x.go)\n}\n',
      'service S {\n  rpc F(A) returns (B) {}\n}\n', 'go.proto');
  const {go} = JSON.parse(stdout)['02_x'].exercises;
  assert.equal(go.file, 'go.proto');
  assert.deepEqual(go.hole,
      ['  // TODO(02_x.go): Go.', '  rpc F(A) returns (B);', '  // END TODO(02_x.go)']);
  assert.deepEqual(go.answer, ['  rpc F(A) returns (B) {}']);
});

test('of an exercise without its markers, there is a problem and no code', () => {
  const {go} = JSON.parse(lessons('int Go() {\n  return 1;\n}\n', 'int Go() {\n  return 1;\n}\n').stdout)['02_x'].exercises;
  assert.match(go.problem, /there is no TODO\(02_x\.go\)/);
  assert.deepEqual([go.hole, go.answer], [[], []]);
});

test('of an exercise that is changed around its hole, too', () => {
  const {go} = JSON.parse(lessons(STUB, 'long Go() {\n  return 1;\n}\n').stdout)['02_x'].exercises;
  assert.match(go.problem, /outside the holes they differ/);
});

test('a lesson that cannot be read fails', () => {
  const {status, stderr} = spawnSync(PROGRAM, ['lessons/no/lesson.textproto'], {encoding: 'utf8'});
  assert.equal(status, 1);
  assert.match(stderr, /lessons\/no\/lesson\.textproto/);
});
