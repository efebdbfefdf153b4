// browser_test.mjs SERVER [SCREENSHOT.png]: the gateway's page in Chromium, against a
// gateway and a service that does what this test tells it; see page_server.cc. Given a
// file name, also takes the picture for the lesson's README.

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {createInterface} from 'node:readline';
import {after, before, test} from 'node:test';
import {withBrowser} from '../tools/npm/browser.mjs';

/** How long to wait for what has to come; long enough for a loaded machine. */
const PATIENCE_MS = 30_000;

const [program, screenshot] = process.argv.slice(2);

/** The server: takes orders, a JSON object a line, and tells of events, too. */
class Server {
  constructor() {
    this.child = spawn(program, [], {stdio: ['pipe', 'pipe', 'inherit']});
    this.events = createInterface({input: this.child.stdout})[Symbol.asyncIterator]();
  }

  order(object) {
    this.child.stdin.write(`${JSON.stringify(object)}\n`);
  }

  /** Waits for the next event, and returns it. */
  async event() {
    let timer;
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('the server told of nothing')), PATIENCE_MS);
    });
    try {
      const {value, done} = await Promise.race([this.events.next(), late]);
      assert.ok(!done, 'the server ended');
      return JSON.parse(value);
    } finally {
      clearTimeout(timer);
    }
  }

  stop() {
    this.child.stdin.end();
  }
}

const METROPOLIS = {mid: 1, movieName: 'Metropolis (1927)', movieStyle: 'science fiction',
  movieDescription: 'The son of a city\'s master falls in love with a prophet of those who work below.'};
const PLAYTIME = {mid: 2, movieName: 'Playtime (1967)', movieStyle: 'comedy',
  movieDescription: 'A visitor loses his way in a city of glass and steel.'};

let server;
let url;
let browser;
let closeBrowser;

before(async () => {
  server = new Server();
  url = `http://127.0.0.1:${(await server.event()).port}/`;
  await new Promise((started, failed) => {
    withBrowser(async (given) => {
      browser = given;
      await new Promise((resolve) => {
        closeBrowser = resolve;
        started();
      });
    }).catch(failed);
  });
});

after(() => {
  closeBrowser?.();
  server?.stop();
});

/** A fresh page, its complaints in `complaints`. */
async function open(colours = 'light') {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.complaints = [];
  page.on('console', (message) => page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(error.message));
  page.on('dialog', (dialog) => {
    page.complaints.push(`a dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: colours}]);
  await page.setViewport({width: 720, height: 520});
  const response = await page.goto(url);
  assert.equal(response.status(), 200);
  return page;
}

/** Types `text`, as a person does, and presses Enter. */
async function submit(page, text) {
  await page.$eval('#query', (query) => query.select());
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
}

/** The same, and waits until the service is asked. */
async function search(page, text) {
  await submit(page, text);
  assert.deepEqual(await server.event(), {query: text});
}

/** Waits until an element has exactly this text. */
const shows = (page, selector, text) => page.waitForFunction(
    (sought, expected) => document.querySelector(sought)?.textContent === expected, {}, selector, text);

const titles = (page) => page.$$eval('#movies h2', (found) => found.map((each) => each.textContent));

const isDisabled = (page, selector) => page.$eval(selector, (element) => element.disabled);

test('results appear while the stream runs', async () => {
  const page = await open();
  await search(page, 'city');
  await shows(page, '#progress', 'Searching …');
  server.order({movie: METROPOLIS});
  await shows(page, '#progress', '1 movie so far …');
  assert.deepEqual(await titles(page), ['Metropolis (1927)']);
  assert.equal(await isDisabled(page, '#cancel'), false);
  server.order({movie: PLAYTIME});
  await shows(page, '#progress', '2 movies so far …');
  if (screenshot) await page.screenshot({path: screenshot});
  server.order({end: {code: 0}});
  await shows(page, '#progress', '2 movies.');
  assert.deepEqual(await titles(page), ['Metropolis (1927)', 'Playtime (1967)']);
  assert.equal(await isDisabled(page, '#cancel'), true);
  assert.deepEqual(page.complaints, []);
});

test('the button cancels the call on the server', async () => {
  const page = await open();
  await search(page, 'city');
  server.order({movie: METROPOLIS});
  await shows(page, '#progress', '1 movie so far …');
  await page.click('#cancel');
  assert.deepEqual(await server.event(), {cancelled: true});
  await shows(page, '#progress', 'Cancelled: 1 movie until then.');
  assert.deepEqual(await titles(page), ['Metropolis (1927)'], 'what was found stays');
  assert.equal(await page.$eval('#error', (error) => error.textContent), '', 'who cancels made no error');
  assert.equal(await isDisabled(page, '#cancel'), true);
  assert.equal(await page.evaluate(() => document.activeElement.id), 'query');
});

test('another search cancels the one before', async () => {
  const page = await open();
  await search(page, 'city');
  server.order({movie: METROPOLIS});
  await shows(page, '#progress', '1 movie so far …');
  await submit(page, 'glass');
  // They travel on two connections.
  const events = [await server.event(), await server.event()];
  assert.deepEqual(events.find((event) => event.cancelled), {cancelled: true});
  assert.deepEqual(events.find((event) => !event.cancelled), {query: 'glass'});
  server.order({movie: PLAYTIME});
  server.order({end: {code: 0}});
  await shows(page, '#progress', '1 movie.');
  assert.deepEqual(await titles(page), ['Playtime (1967)']);
});

test('leaving the page cancels, too', async () => {
  const page = await open();
  await search(page, 'city');
  await page.close();
  assert.deepEqual(await server.event(), {cancelled: true});
});

test('an error before the first result is shown', async () => {
  const page = await open();
  await search(page, 'city');
  server.order({end: {code: 14, message: 'the catalogue is being counted'}});
  await shows(page, '#error', 'The search failed: the catalogue is being counted');
  assert.equal(await page.$eval('#progress', (progress) => progress.textContent), 'No movies before it failed.');
});

test('an error in the midst is shown below what was found', async () => {
  const page = await open();
  await search(page, 'city');
  server.order({movie: METROPOLIS});
  await shows(page, '#progress', '1 movie so far …');
  server.order({end: {code: 14, message: 'the catalogue went away'}});
  await shows(page, '#error', 'The search failed: the catalogue went away');
  assert.deepEqual(await titles(page), ['Metropolis (1927)']);
  // The next search starts afresh.
  await search(page, 'village');
  server.order({end: {code: 0}});
  await shows(page, '#progress', 'No movies.');
  assert.equal(await page.$eval('#error', (error) => error.textContent), '');
  assert.deepEqual(await titles(page), []);
});

test('what looks like HTML stays text', async () => {
  const page = await open();
  const evil = '<img src=x onerror=alert(1)><script>alert(2)</script>';
  await search(page, evil);
  server.order({movie: {mid: 1, movieName: evil, movieStyle: evil, movieDescription: evil}});
  await shows(page, '#progress', '1 movie so far …');
  assert.deepEqual(await titles(page), [evil]);
  assert.equal(await page.$eval('#movies', (movies) => movies.querySelectorAll('img, script').length), 0);
  server.order({end: {code: 3, message: evil}});
  await shows(page, '#error', `The search failed: ${evil}`);
  assert.equal(await page.$eval('#error', (error) => error.childElementCount), 0);
  assert.deepEqual(page.complaints, [], 'and nothing of it ran or was fetched');
});

test('scripts that are not of this server do not run', async () => {
  const page = await open();
  await page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.body.append(script);
  });
  assert.equal(await page.evaluate(() => window.ran), undefined);
  assert.match(page.complaints.join('\n'), /Content Security Policy/);
});

for (const colours of ['light', 'dark']) {
  test(`everything can be read in the ${colours}, has a name and is told to who cannot see`, async () => {
    const page = await open(colours);
    assert.ok(await page.$('aria/What happens in it?[role="searchbox"]'));
    assert.ok(await page.$('aria/Movies found[role="list"]'));
    assert.equal(await page.$eval('#progress', (each) => each.getAttribute('role')), 'status');
    assert.equal(await page.$eval('#error', (each) => each.getAttribute('role')), 'alert');
    await search(page, 'city');
    server.order({movie: METROPOLIS});
    await shows(page, '#progress', '1 movie so far …');
    server.order({end: {code: 14, message: 'gone'}});
    await shows(page, '#error', 'The search failed: gone');
    const ratios = await page.evaluate(() => {
      const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
      const luminance = (colour) => {
        const [r, g, b] = rgb(colour).map((part) => part / 255)
            .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const paper = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return rgb(colour)[3] === 0 ? paper(element.parentElement) : colour;
      };
      return ['h1', 'label', '#query', '[type=submit]', '#progress', '#error', '#movies h2', '#movies p', '#movies .style']
          .map((selector) => {
            const element = document.querySelector(selector);
            const [dark, light] = [getComputedStyle(element).color, paper(element)].map(luminance).sort((a, b) => a - b);
            return [selector, (light + 0.05) / (dark + 0.05)];
          });
    });
    for (const [selector, ratio] of ratios) assert.ok(ratio >= 4.5, `${selector} has a contrast of ${ratio}, less than AA's 4.5`);
  });
}
