// Debian's Chromium, driven by puppeteer-core.

import {existsSync} from 'node:fs';
import {require} from './npm.mjs';

const {launch} = require('puppeteer-core');
const CHROMIUM = '/usr/bin/chromium';

/** Starts Chromium, gives it to `use`, and ends it. Without one, says what to do. */
export async function withBrowser(use) {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`There is no ${CHROMIUM}, which PDFs and tests of pages need. Run: tools/setup --tests`);
  }
  const browser = await launch({
    executablePath: CHROMIUM,
    // Chromium's sandbox refuses root, and what it shows here is our own.
    args: ['--disable-dev-shm-usage', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])],
    env: {...process.env, HOME: process.env.TEST_TMPDIR ?? process.env.HOME ?? '/tmp'},
  });
  try {
    return await use(browser);
  } finally {
    await browser.close();
  }
}
