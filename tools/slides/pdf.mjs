// pdf.mjs FOLDER DECK.html... prints each deck into FOLDER/DECK.pdf.

import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {withBrowser} from '../npm/browser.mjs';

const [folder, ...decks] = process.argv.slice(2);
await withBrowser(async (browser) => {
  const page = await browser.newPage();
  for (const deck of decks) {
    await page.goto(pathToFileURL(path.resolve(deck)).href);
    await page.evaluate(() => document.fonts.ready);
    await page.pdf({path: path.join(folder, `${path.basename(deck, '.html')}.pdf`), preferCSSPageSize: true, printBackground: true, outline: true});
  }
});
