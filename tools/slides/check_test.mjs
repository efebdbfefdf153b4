// Proves that the browser's test can fail: one bad deck for each of its rules. And
// that what the theme says fits does fit.

import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {after, before, test} from 'node:test';
import {withBrowser} from '../npm/browser.mjs';
import {checkDeck, checkIndex} from './check.mjs';
import {indexPage} from './index.mjs';
import {makePage} from './page.mjs';
import {readLimits, readTheme} from './theme.mjs';

const folder = mkdtempSync(path.join(process.env.TEST_TMPDIR ?? '/tmp', 'check.'));
const theme = readTheme();
const limits = readLimits();

let browser;
let close;
before(async () => {
  browser = await new Promise((started, failed) => {
    withBrowser((launched) => {
      started(launched);
      return new Promise((resolve) => {
        close = resolve;
      });
    }).catch(failed);
  });
});
after(() => close());

/** What the browser finds wrong with a deck; `spoil` changes its page. */
async function problemsOf(markdown, spoil = (html) => html) {
  const deck = path.join(folder, '42_bad.md');
  const page = path.join(folder, '42_bad.html');
  writeFileSync(deck, `---\nmarp: true\ntheme: workshop\npaginate: true\n---\n\n${markdown}\n\n<!-- 1 minute. -->\n`);
  await makePage(deck, page, {lessons: {}, theme});
  writeFileSync(page, spoil(readFileSync(page, 'utf8')));
  const {problems} = await checkDeck(browser, page, {limits, resolve: (file) => path.join(folder, path.basename(file))});
  return problems;
}

async function expectProblem(markdown, pattern, spoil) {
  const problems = await problemsOf(markdown, spoil);
  assert.ok(problems.some((problem) => pattern.test(problem)), `no ${pattern} in: ${problems.join('\n')}`);
}

const lines = (count, columns) => Array(count).fill('x'.repeat(columns)).join('\n');

test('a good deck has no problems', async () => {
  assert.deepEqual(await problemsOf('# Title\n\nText\n\n---\n\n## Next\n\n```go\nx := "y" // z\n```\n\n- one\n- two'), []);
});

test('code as long and as wide as the theme says fits', async () => {
  const {codeLines, codeLinesLarge, codeColumns, codeColumnsTogether} = limits;
  assert.deepEqual(await problemsOf(`## Title\n\n\`\`\`text\n${lines(codeLines, codeColumns)}\n\`\`\`\n`), []);
  assert.deepEqual(await problemsOf(`## Title\n\n\`\`\`text\n${lines(codeLinesLarge, codeColumns)}\n\`\`\`\n`), []);
  const half = codeColumnsTogether / 2;
  assert.deepEqual(await problemsOf('<!-- _class: columns -->\n\n## Title\n\n' +
      `\`\`\`go\n${lines(codeLines, half)}\n\`\`\`\n\n\`\`\`text\n${lines(codeLines, half)}\n\`\`\`\n`), []);
});

test('too much text overflows, and the slide is named', async () => {
  await expectProblem(`# Good\n\n---\n\n## Too \`long\`\n\n${'- a line\n'.repeat(20)}`,
      /^42_bad, slide 2 "Too long": li "a line" does not fit on the slide: show less/);
});

test('a line that is too wide overflows', async () => {
  await expectProblem(`## Title\n\n\`\`\`text\n${lines(1, 90)}\n\`\`\``, /pre "x+" does not fit/);
  await expectProblem(`## Title\n\n${'x'.repeat(100)}`, /p "x+" does not fit/);
});

test('a table that is too wide overflows', async () => {
  await expectProblem(`## Title\n\n| a | b |\n|---|---|\n| ${'x'.repeat(50)} | ${'y'.repeat(50)} |`, /table ".*" does not fit/);
});

test('things that lie over each other are found', async () => {
  await expectProblem('<style scoped>p { margin-top: -60px; }</style>\n\n## Title\n\nText', /lies over/);
});

test('code smaller than the theme\'s least is found', async () => {
  await expectProblem('<style scoped>pre { font-size: 16px; }</style>\n\n## Title\n\n```go\nx := 1\n```',
      /is 16px large; the last row reads 20px and more/);
});

test('text smaller than the theme\'s least is found', async () => {
  await expectProblem('<style scoped>p { font-size: 12px; }</style>\n\n## Title\n\nText', /p "Text" is 12px large/);
});

test('too little contrast is found, in the light and in the dark', async () => {
  await expectProblem('<style scoped>p { color: light-dark(#aaaaaa, #ffffff); }</style>\n\n## Title\n\nText',
      /p "Text" has a contrast of \d\.\d\d in the light; WCAG AA asks for 3/);
  await expectProblem('<style scoped>p { color: light-dark(#000000, #444444); }</style>\n\n## Title\n\nText',
      /in the dark; WCAG AA/);
});

test('too little contrast of the page\'s number is found', async () => {
  await expectProblem('<style scoped>section::after { color: #bbbbbb; }</style>\n\n## Title', /has a number of contrast/);
});

test('too little contrast in highlighted code is found', async () => {
  await expectProblem('<style scoped>.hljs-string { color: #bbbbbb; }</style>\n\n## Title\n\n```go\nx := "text"\n```',
      /span ""text"" has a contrast of/);
});

test('a picture without alt text, or that is none, is found', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>').toString('base64');
  const image = (source, alt) => (html) => html.replace('PICTURE', `<img src="data:image/svg+xml;base64,${source}" alt="${alt}">`);
  assert.deepEqual(await problemsOf('## Title\n\nPICTURE', image(svg, 'a box')), []);
  await expectProblem('## Title\n\nPICTURE', /img has no alt text/, image(svg, ''));
  await expectProblem('## Title\n\nPICTURE', /img "a box" cannot be shown/, image('AAAA', 'a box'));
});

test('a picture with words that are too small is found', async () => {
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100" width="600" height="200">' +
      '<text y="20" font-size="5">word</text></svg>').toString('base64');
  await expectProblem('## Title\n\nPICTURE', /img "a box" has words that are 10\.0px large/,
      (html) => html.replace('PICTURE', `<img src="data:image/svg+xml;base64,${svg}" alt="a box">`));
});

test('too little contrast in a picture is found, with what the words lie on', async () => {
  const picture = (shapes) => (html) => html.replace('PICTURE', '<img alt="a box" src="data:image/svg+xml;base64,' + Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 100" width="600" height="200">' +
      '<style>.back { fill: #999999; } .line { fill: none; stroke: #777777; }' +
      '@media (prefers-color-scheme: dark) { .light { fill: #eeeeee; } }</style>' + shapes + '</svg>').toString('base64') + '">');
  const words = (type) => `<text class="${type}" x="20" y="30" font-size="12">word</text>`;
  assert.deepEqual(await problemsOf('## Title\n\nPICTURE', picture(words('light'))), []);
  assert.deepEqual(await problemsOf('## Title\n\nPICTURE',
      picture('<rect class="line" width="290" height="90"/>' + words('light'))), []);
  await expectProblem('## Title\n\nPICTURE', /img "a box" has the words "word" with a contrast of \d\.\d\d in the dark/, picture(words('')));
  await expectProblem('## Title\n\nPICTURE', /the words "word" with a contrast of \d\.\d\d in the dark/,
      picture('<rect class="back" width="290" height="90"/>' + words('light')));
  assert.deepEqual(await problemsOf('## Title\n\nPICTURE',
      picture('<rect class="back" x="200" width="90" height="90"/>' + words('light'))), []);
});

test('an answer that cannot be shown is found', async () => {
  await expectProblem('## Title\n\n```text\nx\n```', /figure "x" is not the answer/,
      (html) => html.replace('<figure class="code"', '<figure class="code" data-stale'));
});

test('a link that leads nowhere is found', async () => {
  const link = (href) => (html) => html.replace('LINK', `<a href="${href}">there</a>`);
  assert.deepEqual(await problemsOf('## Title\n\nLINK', link('42_bad.html#1')), []);
  await expectProblem('## Title\n\nLINK', /the link to \.\.\/\.\.\/README\.md leads nowhere/, link('../../README.md'));
});

test('an error in the console is found', async () => {
  await expectProblem('## Title', /the browser's console says: .*broken/,
      (html) => html.replace('</body>', '<script>throw new Error("broken")</script></body>'));
});

test('a request that leaves the page is found', async () => {
  await expectProblem('## Title', /it asks for http:\/\/127\.0\.0\.1:1\/x\.css; a deck is one file/,
      (html) => html.replace('</head>', '<link rel="stylesheet" href="http://127.0.0.1:1/x.css"></head>'));
});

/** What the browser finds wrong with the page that lists the decks. */
async function problemsOfIndex(spoil = (html) => html) {
  const page = path.join(folder, 'index.html');
  const deck = {name: '42_bad', title: 'A deck', slides: [], talk: 1, exercises: {}};
  writeFileSync(path.join(folder, '42_bad.html'), '');
  writeFileSync(page, spoil(indexPage([deck], '')));
  return checkIndex(browser, page, (file) => path.join(folder, path.basename(file)));
}

test('a good list of decks has no problems', async () => {
  assert.deepEqual(await problemsOfIndex(), []);
});

test('what is wrong with the list of decks is found', async () => {
  const expect = async (pattern, spoil) => {
    const problems = await problemsOfIndex(spoil);
    assert.ok(problems.some((problem) => pattern.test(problem)), `no ${pattern} in: ${problems.join('\n')}`);
  };
  await expect(/the link to gone\.html leads nowhere/, (html) => html.replace('42_bad.html', 'gone.html'));
  await expect(/is \d+px wider than a window of 360px/, (html) => html.replace('<ul>', '<ul style="width: 500px">'));
  await expect(/the picture without alt text cannot be seen by all/, (html) => html.replace('<ul>', '<img src="data:,"><ul>'));
  await expect(/the browser's console says: .*broken/, (html) => html.replace('<ul>', '<script>throw new Error("broken")</script><ul>'));
});
