// Code that a slide shows is taken from the repository, never typed: this finds it.
//
//   ```cpp exercise=02_connection.start_server      the answer of an exercise
//   ```cpp hole=02_connection.start_server          what the learner finds there
//   ```proto file=proto/movies/v1/movies.proto region=movie
//
// A region is what stands between two comments, with // or #:
//
//   // Slide: movie
//   // End slide: movie

import {readFileSync} from 'node:fs';

const MARKER = /^\s*(?:\/\/|#) (Slide|End slide): (\S+)$/;

/** What is wrong with a deck, in words for its author. */
export class Problem extends Error {}

/** Drops blank lines at both ends and the indentation that all lines share. */
export function outdent(lines) {
  const isBlank = (line) => line.trim() === '';
  const first = lines.findIndex((line) => !isBlank(line));
  const last = lines.findLastIndex((line) => !isBlank(line));
  const trimmed = first < 0 ? [] : lines.slice(first, last + 1);
  const indents = trimmed.filter((line) => !isBlank(line)).map((line) => line.search(/\S/));
  const common = Math.min(...indents);
  return trimmed.map((line) => line.slice(common).trimEnd());
}

/** The lines of a named region of `text`, without the markers of any other. */
export function regionOf(text, name, path) {
  const lines = text.split('\n');
  const markers = lines
      .map((line, index) => ({index, match: MARKER.exec(line)}))
      .filter(({match}) => match)
      .map(({index, match: [, kind, region]}) => ({index, kind, region}));
  const find = (kind) => markers.filter((marker) => marker.kind === kind && marker.region === name);
  const begins = find('Slide');
  const ends = find('End slide');
  if (begins.length === 0) {
    const names = [...new Set(markers.map(({region}) => region))];
    throw new Problem(`${path} has no region "${name}"` +
        (names.length ? `; it has ${names.join(', ')}.` : ' and no other.') +
        ` Put "Slide: ${name}" in a comment line above what to show, and "End slide: ${name}" below.`);
  }
  if (begins.length > 1) {
    throw new Problem(`${path} begins region "${name}" in lines ` +
        begins.map(({index}) => index + 1).join(' and ') + '; give each its own name.');
  }
  if (ends.length !== 1 || ends[0].index < begins[0].index) {
    throw new Problem(`${path} begins region "${name}" in line ${begins[0].index + 1} and does not end it once:` +
        ` put "End slide: ${name}" in one comment line below.`);
  }
  const inside = lines.slice(begins[0].index + 1, ends[0].index).filter((line) => !MARKER.test(line));
  const code = outdent(inside);
  if (code.length === 0) throw new Problem(`${path}: region "${name}" is empty.`);
  return code;
}

/** The words of a fence's info string: its language and its options. */
export function parseInfo(info) {
  const [language = '', ...words] = info.trim().split(/\s+/);
  const options = {};
  for (const word of words) {
    const [, key, value] = /^(exercise|hole|file|region)=(\S+)$/.exec(word) ?? [];
    if (!key) {
      throw new Problem(`"${word}" is no way to include code; there are exercise=LESSON.EXERCISE, ` +
          'hole=LESSON.EXERCISE, and file=PATH region=NAME.');
    }
    options[key] = value;
  }
  return {language, options};
}

/** The exercise that "02_connection.start_server" names, with its lesson. */
export function findExercise(lessons, id) {
  const [lesson, name] = id.split('.');
  const exercise = lessons[lesson]?.exercises[name];
  if (exercise) return {lesson, ...exercise};
  const known = lessons[lesson] ?
    Object.keys(lessons[lesson].exercises).map((other) => `${lesson}.${other}`) :
    Object.keys(lessons);
  throw new Problem(`there is no exercise ${id}; there are ${known.join(', ')}.`);
}

/**
 * The code that a fence's options ask for.
 * @param {object} lessons what //tools/slides:lessons prints
 * @return {{path: string, lines: string[], stale?: boolean}} stale if a learner's
 *     changes hide where the code is; `lines` then says so.
 */
export function include(options, lessons) {
  const keys = Object.keys(options).sort().join(' ');
  if (keys === 'exercise' || keys === 'hole') {
    const exercise = findExercise(lessons, options.exercise ?? options.hole);
    const path = `${keys === 'hole' ? 'lessons' : 'solutions'}/${exercise.lesson}/${exercise.file}`;
    if (exercise.problem) {
      return {path, stale: true, lines: [
        `// lessons/${exercise.lesson}/${exercise.file}`,
        '// is not as given any more, so a slide cannot tell its hole from the rest.',
        `// The answer is in solutions/${exercise.lesson}/${exercise.file}`,
      ]};
    }
    return {path, lines: outdent(keys === 'hole' ? exercise.hole : exercise.answer)};
  }
  if (keys !== 'file region') {
    throw new Problem('a fence includes exercise=LESSON.EXERCISE, hole=LESSON.EXERCISE, or file=PATH region=NAME.');
  }
  let text;
  try {
    text = readFileSync(options.file, 'utf8');
  } catch {
    throw new Problem(`there is no file ${options.file} that a slide may show: those are the files of proto/, ` +
        'support/, lessons/ and solutions/, named from the repository\'s root.');
  }
  return {path: options.file, lines: regionOf(text, options.region, options.file)};
}
