// The theme with its fonts inside, so that what fits here fits everywhere. Both are
// under the SIL Open Font License.

import {readFileSync} from 'node:fs';
import {require} from '../npm/npm.mjs';

function face(family, file) {
  const font = readFileSync(require.resolve(`@fontsource-variable/${file}`)).toString('base64');
  return `@font-face { font-family: "${family}"; font-weight: 100 900; ` +
      `src: url("data:font/woff2;base64,${font}") format("woff2"); }\n`;
}

export const fonts = () => face('Inter Variable', 'inter/files/inter-latin-wght-normal.woff2');

export function readTheme(path = 'slides/theme.css') {
  return readFileSync(path, 'utf8') + fonts() +
      face('JetBrains Mono Variable', 'jetbrains-mono/files/jetbrains-mono-latin-wght-normal.woff2');
}

/** What the theme says at its top of what fits: {codeSize: "20px", codeLines: 20, …}. */
export function readLimits(path = 'slides/theme.css') {
  const {Marp} = require('@marp-team/marp-core');
  return limitsOf(new Marp().themeSet.add(readFileSync(path, 'utf8')));
}

/** The same of a theme that Marp has read. */
export function limitsOf(theme) {
  return Object.fromEntries(Object.entries(theme.meta)
      .map(([key, value]) => [key, /^\d+$/.test(value) ? Number(value) : value]));
}
