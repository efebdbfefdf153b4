// What Marp's command line makes decks with; build.mjs sets `context` before each.

import {workshop} from './deck.mjs';

export const context = {deck: '', lessons: {}, theme: '', result: undefined};

/** A Marp that knows the workshop's theme and plugin. Marp takes a `function` for a class. */
export const engine = ({marp}) => {
  marp.themeSet.add(context.theme);
  marp.use(workshop, {...context, marp});
  context.result = () => marp.workshop;
  return marp;
};

export default {
  engine,
  lang: 'en',
  // Nothing of these comes from elsewhere.
  options: {emoji: {shortcode: false, unicode: false}, math: false},
};
