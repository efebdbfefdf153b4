// browser_test.mjs INDEX.html DECK.html... fails, saying why, if the page that lists
// the decks is broken, or a deck cannot be read from the last row; see check.mjs.
// Runs where the repository's files lie.

import path from 'node:path';
import {withBrowser} from '../npm/browser.mjs';
import {checkDeck, checkIndex} from './check.mjs';
import {readLimits} from './theme.mjs';

const [index, ...decks] = process.argv.slice(2);
// What Bazel made lies beside what it was made of.
const resolve = (file) => path.resolve(file.replace(/^bazel-bin\//, ''));
const problems = [];
await withBrowser(async (browser) => {
  problems.push(...await checkIndex(browser, path.resolve(index), resolve));
  for (const deck of decks) {
    const {slides, problems: found} = await checkDeck(browser, path.resolve(deck), {limits: readLimits(), resolve});
    if (slides === 0) found.push(`${deck}: there are no slides.`);
    console.log(`${deck}: ${slides} slides, ${found.length} problems`);
    problems.push(...found);
  }
});
if (problems.length > 0) console.log(problems.join('\n'));
process.exitCode = problems.length > 0 || decks.length === 0 ? 1 : 0;
