// Makes a deck's page with Marp's command line, of which this is also the
// configuration: it brings the browser's side, keys, notes, and all.

import {fileURLToPath} from 'node:url';
import {workshop} from './deck.mjs';
import {require} from '../npm/npm.mjs';

const {marpCli} = require('@marp-team/marp-cli');

// The deck that is being made; one at a time.
let current;

// Marp takes a `function` for a class.
const engine = ({marp}) => {
  marp.themeSet.add(current.theme);
  marp.use(workshop, {...current, marp});
  current.marp = marp;
  return marp;
};

export default {
  engine,
  lang: 'en',
  // Nothing of these comes from elsewhere.
  options: {emoji: {shortcode: false, unicode: false}, math: false},
};

/**
 * Writes the page `output` of `deck`.
 * @param {string} deck Markdown, from the repository's root, which is the
 *     working directory
 * @param {string} output
 * @param {{lessons: object, theme: string}} context what //tools/slides:lessons
 *     prints, and the theme with its fonts
 * @return {Promise<{slides: object[], problems: string[]}>} see deck.mjs
 */
export async function makePage(deck, output, context) {
  current = {deck, ...context};
  // Marp tells of its progress as if of trouble; that is for trouble only.
  const {warn} = console;
  const said = [];
  console.warn = (text) => said.push(text);
  try {
    const exitCode = await marpCli(['--config-file', fileURLToPath(import.meta.url), '--output', output, deck]);
    if (exitCode !== 0) throw new Error(`Marp cannot make ${deck}:\n${said.join('\n')}`);
    return current.marp.workshop;
  } finally {
    console.warn = warn;
  }
}
