import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {test} from 'node:test';
import {Problem, include, outdent, parseInfo, regionOf} from './include.mjs';

const lessons = {
  '02_connection': {exercises: {
    start: {file: 'start.cc', problem: '', hole: ['  // TODO(02_connection.start): x', '  return 0;'], answer: ['  return 1;']},
    solved: {file: 'solved.cc', problem: 'outside the holes they differ', hole: [], answer: []},
  }},
};

/** What the Problem says that `action` throws. */
function problemOf(action) {
  try {
    action();
  } catch (error) {
    assert.ok(error instanceof Problem, error.stack);
    return error.message;
  }
  return assert.fail('there was no problem');
}

test('common indentation and blank lines at the ends go', () => {
  assert.deepEqual(outdent(['', '    a {', '', '      b', '    }', '']), ['a {', '', '  b', '}']);
});

test('a region is what stands between its comments', () => {
  const text = 'x\n  // Slide: one\n  a\n  // End slide: one\ny\n';
  assert.deepEqual(regionOf(text, 'one', 'f.h'), ['a']);
});

test('a region of a BUILD file has # comments', () => {
  assert.deepEqual(regionOf('# Slide: one\na\n# End slide: one', 'one', 'BUILD.bazel'), ['a']);
});

test('the comments of other regions are left out', () => {
  const text = '// Slide: all\na\n// Slide: some\nb\n// End slide: some\nc\n// End slide: all';
  assert.deepEqual(regionOf(text, 'all', 'f.h'), ['a', 'b', 'c']);
  assert.deepEqual(regionOf(text, 'some', 'f.h'), ['b']);
});

test('a region that is gone is named, with those that are there', () => {
  const message = problemOf(() => regionOf('// Slide: one\na\n// End slide: one', 'two', 'f.h'));
  assert.match(message, /f\.h has no region "two"; it has one\. Put "Slide: two"/);
});

test('a region that is not closed is named, with its line', () => {
  assert.match(problemOf(() => regionOf('x\n// Slide: one\na', 'one', 'f.h')),
      /f\.h begins region "one" in line 2 and does not end it once: put "End slide: one"/);
});

test('a region is closed after its beginning, and once', () => {
  assert.match(problemOf(() => regionOf('// End slide: one\n// Slide: one\na', 'one', 'f.h')), /does not end it once/);
  assert.match(problemOf(() => regionOf('// Slide: one\na\n// End slide: one\n// End slide: one', 'one', 'f.h')),
      /does not end it once/);
});

test('two regions of one name are refused', () => {
  assert.match(problemOf(() => regionOf('// Slide: a\n// Slide: a\nx\n// End slide: a', 'a', 'f.h')), /lines 1 and 2/);
});

test('an empty region is refused', () => {
  assert.match(problemOf(() => regionOf('// Slide: a\n\n// End slide: a', 'a', 'f.h')), /region "a" is empty/);
});

test('an exercise is its answer, a hole what the learner finds', () => {
  assert.deepEqual(include({exercise: '02_connection.start'}, lessons),
      {path: 'solutions/02_connection/start.cc', lines: ['return 1;']});
  assert.deepEqual(include({hole: '02_connection.start'}, lessons),
      {path: 'lessons/02_connection/start.cc', lines: ['// TODO(02_connection.start): x', 'return 0;']});
});

test('an exercise that is gone is named, with those that are there', () => {
  assert.match(problemOf(() => include({exercise: '02_connection.stop'}, lessons)),
      /no exercise 02_connection\.stop; there are 02_connection\.start, /);
  assert.match(problemOf(() => include({hole: '09_x.stop'}, lessons)), /no exercise 09_x\.stop; there are 02_connection/);
});

test('of an exercise that a learner has solved, the place of the answer is shown', () => {
  const code = include({exercise: '02_connection.solved'}, lessons);
  assert.equal(code.stale, true);
  assert.match(code.lines.join('\n'), /The answer is in solutions\/02_connection\/solved\.cc/);
});

test('a region is read from its file', () => {
  const file = `${process.env.TEST_TMPDIR ?? '/tmp'}/include_test.proto`;
  writeFileSync(file, '// Slide: m\nmessage M {}\n// End slide: m\n');
  assert.deepEqual(include({file, region: 'm'}, lessons).lines, ['message M {}']);
});

test('a file that is gone is named', () => {
  assert.match(problemOf(() => include({file: 'proto/no.proto', region: 'm'}, lessons)), /no file proto\/no\.proto/);
});

test('half an include is refused', () => {
  assert.match(problemOf(() => include({file: 'proto/no.proto'}, lessons)), /file=PATH region=NAME/);
  assert.match(problemOf(() => parseInfo('cpp regoin=x')), /"regoin=x" is no way to include/);
});
