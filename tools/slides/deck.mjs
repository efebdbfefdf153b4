// A plugin for Marp that makes a deck of this workshop of Markdown: includes code,
// inlines pictures, checks what can be checked without a browser, and notes what
// each slide is and how long it takes.

import {execFileSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {Problem, findExercise, include, parseInfo} from './include.mjs';
import {limitsOf} from './theme.mjs';

// What may be typed on a slide. Everything else is included.
const TYPED = {go: 'Go', json: 'JSON', sh: '', text: ''};
// What is included, by the names that highlight.js knows.
const INCLUDED = {cpp: 'cpp', js: 'javascript', proto: 'protobuf', starlark: 'python'};

const MINUTES = /^(\d+) minutes?(?:, and (\d+) for the exercises?)?\./;
const LABEL = /\/\/((?:lessons|solutions)\/[\w/]+)(?::(\w+))?/g;

/** Minutes of speaker notes: of the talk, and of the exercise if they name both. */
export function parseMinutes(notes) {
  const match = MINUTES.exec(notes);
  if (!match) {
    throw new Problem('the slide\'s notes do not begin with its minutes. Begin a comment on the slide with ' +
        '"3 minutes." or "3 minutes, and 10 for the exercise."');
  }
  return {first: Number(match[1]), second: match[2] === undefined ? undefined : Number(match[2])};
}

/** The exercises whose commands stand in `text`; a label of nothing is a Problem. */
function exercisesIn(text, lessons) {
  const found = [];
  for (const [label, folder, target] of text.matchAll(LABEL)) {
    const lesson = folder.split('/')[1];
    const name = target?.replace(/_test$/, '');
    const exercise = folder.startsWith('lessons/') && target?.endsWith('_test') && lessons[lesson]?.exercises[name];
    if (exercise) {
      found.push(`${lesson}.${name}`);
    } else if (!existsSync(target ? `${folder}/${target}.cc` : `${folder}/BUILD.bazel`)) {
      throw new Problem(`nothing is called ${label}: there is no exercise and no .cc file of that name.`);
    }
  }
  return found;
}

/** A picture as a data: URI, and whether it has colours for the dark; Graphviz's sources are drawn first. */
function inline(file, style) {
  const types = {'.svg': 'svg+xml', '.dot': 'svg+xml', '.png': 'png', '.jpg': 'jpeg'};
  const type = types[path.extname(file)];
  if (!type) throw new Problem(`${file} is no picture: those are ${Object.keys(types).join(', ')}.`);
  if (!existsSync(file)) throw new Problem(`there is no picture ${file}.`);
  let bytes = readFileSync(file);
  if (file.endsWith('.dot')) {
    try {
      const svg = execFileSync('dot', ['-Tsvg', file], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe']});
      // Graphviz knows neither classes' colours nor the dark.
      bytes = Buffer.from(svg.replace(/(<svg[^>]*>)/, `$1<style>${style()}</style>`));
    } catch (error) {
      if (error.code === 'ENOENT') throw new Problem('Graphviz is missing; run tools/setup --tests.');
      throw new Problem(`Graphviz cannot draw ${file}: ${error.stderr}`);
    }
  }
  return {
    src: `data:image/${type};base64,${bytes.toString('base64')}`,
    knowsDark: type === 'svg+xml' && bytes.includes('prefers-color-scheme: dark'),
  };
}

/** C++ as clang-format lays it out in so many columns: the same code, in other lines. */
function layOut(lines, columns) {
  const style = `--style={BasedOnStyle: Google, ColumnLimit: ${columns}}`;
  try {
    return execFileSync('clang-format', [style, '--assume-filename=slide.cc'],
        {input: lines.join('\n'), encoding: 'utf8'}).trimEnd().split('\n');
  } catch (error) {
    if (error.code === 'ENOENT') throw new Problem('clang-format is missing; run tools/setup --tests.');
    throw error;
  }
}

class Slide {
  /** `limits` if the slide has two columns. */
  constructor(line, number, limits) {
    Object.assign(this, {line, number, limits, title: '', notes: [], exercises: [], blocks: [], picture: undefined});
    Object.assign(this, {talk: 0, exercise: 0});
  }

  /** The minutes that the notes say, against those of the lesson. */
  count(lessons) {
    const {first, second} = parseMinutes(this.notes[0] ?? '');
    const wanted = this.exercises
        .map((id) => findExercise(lessons, id).minutes)
        .reduce((sum, minutes) => sum + minutes, 0);
    if (this.exercises.length === 0) {
      if (second !== undefined) throw new Problem('the notes give minutes to an exercise, and the slide has the command of none.');
      this.talk = first;
      return;
    }
    this.exercise = second ?? first;
    this.talk = second === undefined ? 0 : first;
    if (this.exercise !== wanted) {
      throw new Problem(`the notes give ${this.exercise} minutes to ${this.exercises.join(' and ')}, and ` +
          `lesson.textproto gives ${wanted}; make them agree.`);
    }
  }

  checkSize(limits) {
    const width = ({lines}) => Math.max(...lines.map((line) => [...line].length));
    for (const block of this.blocks) {
      const columns = width(block);
      if (block.lines.length > limits.codeLines || columns > limits.codeColumns) {
        throw new Problem(`${block.path || 'the code'} has ${block.lines.length} lines of up to ${columns} columns; ` +
            `${limits.codeLines} lines of ${limits.codeColumns} columns fit at ${limits.codeSize}, the smallest that the last ` +
            `row can read. Show less: a shorter region, or two slides.`);
      }
    }
    const together = this.blocks.map(width).reduce((sum, columns) => sum + columns, 0);
    if (this.limits && together > limits.codeColumnsTogether) {
      throw new Problem(`the two columns have ${together} columns of code together; ${limits.codeColumnsTogether} fit. ` +
          'Show less, or put one below the other.');
    }
  }

  /** Shows code smaller where it would not fit otherwise. */
  isDense(limits) {
    return this.blocks.some(({lines}) => lines.length > limits.codeLinesLarge);
  }
}

/**
 * The plugin. Leaves its results in marp.workshop: {slides, problems}, the
 * problems as "slides/02_connection.md:12: …".
 * @param {object} md markdown-it, as Marpit's use() binds it
 * @param {{marp: object, deck: string, lessons: object}} context the engine, the deck's path from the
 *     repository's root, which is the working directory, and what
 *     //tools/slides:lessons printed
 */
export function workshop(md, {marp, deck, lessons}) {
  const folder = path.dirname(deck);
  const inRepository = (link) => path.normalize(path.join(folder, link));

  const rules = {
    heading_open(token, slide, next) {
      if (slide.title) return;
      slide.title = next.content.replace(/[`*]/g, '');
      slide.line = token.map[0] + 1;
    },
    marpit_comment(token, slide) {
      if (token.meta?.marpitCommentParsed === undefined) slide.notes.push(token.content);
    },
    html_block(token) {
      if (/<(pre|code)\b/i.test(token.content)) throw new Problem('code in HTML is typed; include it in a fence.');
    },
    code_block() {
      throw new Problem('code that is indented is typed; include it in a fence.');
    },
    fence(token, slide) {
      const {language, options} = parseInfo(token.info);
      if (Object.keys(options).length === 0) {
        if (!(language in TYPED)) {
          const what = language in INCLUDED || /^(c|cc|c\+\+|h|hpp|javascript|protobuf|bzl|bazel|python|build)$/i.test(language);
          throw new Problem(what ?
            `${language} code is never typed on a slide, so that all of it is compiled. Include it: ` +
                `\`\`\`${language} exercise=LESSON.EXERCISE, or file=PATH region=NAME.` :
            `the fence's language is "${language}"; typed are ${Object.keys(TYPED).join(', ')}, and included ` +
                `${Object.keys(INCLUDED).join(', ')}.`);
        }
        token.meta = {...token.meta, caption: TYPED[language]};
        if (language === 'sh') slide.exercises.push(...exercisesIn(token.content, lessons));
        else slide.blocks.push({path: '', lines: token.content.trimEnd().split('\n')});
        return;
      }
      if (!(language in INCLUDED)) {
        throw new Problem(`what is included is ${Object.keys(INCLUDED).join(', ')}, not "${language}".`);
      }
      if (token.content.trim()) throw new Problem('the fence includes code, so nothing is typed between its lines.');
      const code = include(options, lessons);
      if (slide.limits && language === 'cpp') code.lines = layOut(code.lines, slide.limits.codeColumnsBeside);
      slide.blocks.push(code);
      token.info = INCLUDED[language];
      token.content = code.lines.join('\n') + '\n';
      token.meta = {...token.meta, caption: code.path, stale: code.stale};
    },
    image(token, slide) {
      const {options = [], background} = token.meta?.marpitImage ?? {};
      const alt = options.filter(({consumed}) => !consumed).map(({content}) => content).join(' ');
      if (background) throw new Problem('a background picture has no alt text; put the picture on the slide.');
      if (!alt) throw new Problem('the picture has no alt text: ![what it shows](picture.svg).');
      const src = token.attrGet('src');
      if (/^[a-z]+:/.test(src)) throw new Problem(`the picture ${src} is elsewhere; a deck works without a network.`);
      const file = inRepository(src);
      const picture = inline(file, () => readFileSync(path.join(folder, 'pictures/graphviz.css'), 'utf8'));
      token.attrSet('src', picture.src);
      if (!picture.knowsDark) token.attrJoin('class', 'paper');
      slide.picture ??= {...picture, alt};
    },
    link_open(token) {
      const href = token.attrGet('href');
      if (/^(https?:|mailto:|#)/.test(href)) return;
      const [link, fragment] = href.split('#');
      const file = inRepository(link);
      if (!existsSync(file)) throw new Problem(`the link to ${href} leads nowhere: there is no ${file}.`);
      // Seen from bazel-bin/slides.
      const target = path.dirname(file) === folder && file.endsWith('.md') ?
        `${path.basename(file, '.md')}.html` : `../../${file}`;
      token.attrSet('href', fragment ? `${target}#${fragment}` : target);
    },
  };

  md.core.ruler.push('workshop', (state) => {
    if (state.inlineMode) return;
    const slides = [];
    const problems = [];
    const limits = limitsOf(marp.themeSet.get('workshop'));
    let slide;
    let open;
    let line = 1;
    const attempt = (action) => {
      try {
        action();
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        problems.push({line, text: `slide ${slide.number}${slide.title ? `, "${slide.title}"` : ''}: ${error.message}`});
      }
    };
    state.tokens.forEach((token, index) => {
      if (token.map && token.map[0] > 0) line = token.map[0] + 1;
      if (token.type === 'marpit_slide_open') {
        open = token;
        line = Math.max(token.map[0] + 1, line);
        const twoColumns = (open.attrGet('class') ?? '').split(' ').includes('columns');
        slide = new Slide(line, slides.length + 1, twoColumns ? limits : undefined);
        slides.push(slide);
      } else if (token.type === 'marpit_slide_close') {
        line = slide.line;
        attempt(() => {
          if (!slide.title) throw new Problem('the slide has no heading.');
        });
        attempt(() => slide.count(lessons));
        attempt(() => slide.checkSize(limits));
        if (slide.isDense(limits)) open.attrJoin('class', 'dense');
        if (slide.exercises.length > 0) open.attrJoin('class', 'exercise');
        slide = undefined;
      } else if (slide) {
        for (const each of [token, ...(token.children ?? [])]) {
          attempt(() => rules[each.type]?.(each, slide, state.tokens[index + 1]));
        }
      }
    });
    marp.workshop = {
      slides,
      problems: problems.map((problem) => `${deck}:${problem.line}: ${problem.text}`),
    };
  });

  const fence = md.renderer.rules.fence;
  md.renderer.rules.fence = (tokens, index, ...others) => {
    const {caption, stale} = tokens[index].meta ?? {};
    return `<figure class="code"${stale ? ' data-stale' : ''}>` +
        (caption ? `<figcaption>${md.utils.escapeHtml(caption)}</figcaption>` : '') +
        `${fence(tokens, index, ...others)}</figure>\n`;
  };
}
