// build.mjs FOLDER LESSONS_JSON DECK.md... makes, in FOLDER, a page of each deck,
// index.html and schedule.txt, and prints the latter. Runs in the repository's root.

import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {indexPage} from './index.mjs';
import {makePage} from './page.mjs';
import {schedule} from './schedule.mjs';
import {fonts, readTheme} from './theme.mjs';

/** Makes a deck's page; returns what schedule() and indexPage() want of it. */
async function build(deck, folder, context) {
  const {lessons} = context;
  const name = path.basename(deck, '.md');
  const {slides, problems} = await makePage(deck, path.join(folder, `${name}.html`), context);
  const lesson = Object.keys(lessons).find((each) => lessons[each].slides === deck);
  const exercises = {};
  for (const slide of slides) {
    for (const id of slide.exercises) {
      const [of, exercise] = id.split('.');
      if (of !== lesson || exercise in exercises) {
        problems.push(`${deck}:${slide.line}: slide ${slide.number}, "${slide.title}": the command of ${id} ` +
            `belongs on one slide, of ${lessons[of].slides}.`);
      }
      exercises[exercise] = lessons[of].exercises[exercise].minutes;
    }
  }
  for (const exercise of Object.keys(lessons[lesson]?.exercises ?? {})) {
    if (!(exercise in exercises)) {
      problems.push(`${deck}: no slide has the command of exercise ${exercise}: ` +
          `bazel test //lessons/${lesson}:${exercise}_test`);
    }
  }
  const talk = slides.reduce((sum, slide) => sum + slide.talk, 0);
  const heading = lesson ? `${lesson.slice(0, 2)} ${lessons[lesson].title}` : slides[0].title;
  return {name, title: heading, lesson, slides, talk, exercises, problems};
}

async function main([folder, lessonsPath, ...paths]) {
  const lessons = JSON.parse(readFileSync(lessonsPath, 'utf8'));
  const context = {lessons, theme: readTheme()};
  const decks = [];
  for (const deck of paths) decks.push(await build(deck, folder, context));
  const plan = schedule(decks, JSON.parse(readFileSync('slides/schedule.json', 'utf8')));
  const problems = [...decks.flatMap((deck) => deck.problems), ...plan.problems];
  if (problems.length > 0) {
    console.error(`${problems.join('\n')}\nCONTRIBUTING.md, "Slides", says how a deck is written.`);
    return 1;
  }
  writeFileSync(path.join(folder, 'schedule.txt'), plan.text);
  console.log(plan.text);
  writeFileSync(path.join(folder, 'index.html'), indexPage(decks, fonts()));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
