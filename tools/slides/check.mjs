// Looks at a deck in a browser as the audience does, slide by slide, and says what
// a person in the last row, or one who cannot see it, would miss.

import {existsSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';

// What Chromium may round a box by.
const PIXEL = 1;

/** What is wrong with the slide that is shown. Runs in the browser, where Marp may have made marp-pre of pre. */
function checkSlide({codeSize, textSize, pictureTextSize, pixel}) {
  const section = document.querySelector('.bespoke-marp-active section');
  const problems = [];
  const describe = (element) => {
    const text = (element.alt ?? element.textContent).trim().replace(/\s+/g, ' ').slice(0, 40);
    return `${element.localName}${text ? ` "${text}"` : ''}`;
  };
  const report = (element, text) => problems.push(`${describe(element)} ${text}`);

  const scale = section.getBoundingClientRect().width / section.offsetWidth;
  const style = getComputedStyle(section);
  const outer = section.getBoundingClientRect();
  const box = {
    left: outer.left, right: outer.right, top: outer.top,
    // Below, the page's number has its place.
    bottom: outer.bottom - parseFloat(style.paddingBottom) * scale,
  };
  const within = (inner, outer) => inner.left >= outer.left - pixel && inner.right <= outer.right + pixel &&
      inner.top >= outer.top - pixel && inner.bottom <= outer.bottom + pixel;
  // A picture's words cannot be looked at from outside; so the same is drawn once
  // more as part of the page, in as much room, and each of them is given to `visit`
  // with the shapes that it lies on, the topmost first.
  const visitWords = (image, visit) => {
    const [type, source] = image.src.split(';base64,');
    if (type !== 'data:image/svg+xml') return;
    const text = new TextDecoder().decode(Uint8Array.from(atob(source), (char) => char.charCodeAt(0)));
    const svg = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
    const {width, height} = image.getBoundingClientRect();
    svg.setAttribute('width', width);
    svg.setAttribute('height', height);
    const host = document.createElement('div');
    host.style = 'position: fixed; inset: 0; z-index: 9999';
    const root = host.attachShadow({mode: 'open'});
    root.append(svg);
    document.body.append(host);
    for (const words of svg.querySelectorAll('text, tspan')) {
      if (![...words.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim())) continue;
      const box = words.getBoundingClientRect();
      const shapes = root.elementsFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2)
          .filter((element) => element instanceof SVGGeometryElement);
      visit(words, shapes);
    }
    host.remove();
  };

  const blocks = [...section.querySelectorAll('pre, marp-pre, table, img, li, p, h1, h2, h3, figcaption')]
      .filter((element) => element.getClientRects().length > 0);
  for (const block of blocks) {
    if (!within(block.getBoundingClientRect(), box) || block.scrollWidth > block.clientWidth + pixel) {
      report(block, 'does not fit on the slide: show less of it, make it smaller, or make two slides of it.');
    }
  }
  for (const [index, one] of blocks.entries()) {
    for (const other of blocks.slice(index + 1)) {
      if (one.contains(other)) continue;
      const a = one.getBoundingClientRect();
      const b = other.getBoundingClientRect();
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > pixel &&
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > pixel) {
        report(one, `lies over ${describe(other)}: show less, or make two slides of it.`);
      }
    }
  }

  for (const code of section.querySelectorAll('figure[data-stale]')) {
    report(code, 'is not the answer: the lesson\'s file is not as given, so its hole cannot be told from the rest.');
  }

  for (const image of section.querySelectorAll('img')) {
    if (!image.alt.trim()) report(image, 'has no alt text: ![what it shows](picture.svg).');
    if (image.naturalWidth === 0) report(image, 'cannot be shown: is the picture well-formed?');
  }

  // Colours are drawn and read back, whatever notation they have.
  const canvas = new OffscreenCanvas(1, 1).getContext('2d', {willReadFrequently: true});
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, a], [r2, g2, b2]) =>
    [r * a + r2 * (1 - a), g * a + g2 * (1 - a), b * a + b2 * (1 - a), 1];
  const backgroundOf = (element) => {
    const colour = rgba(getComputedStyle(element).backgroundColor);
    if (colour[3] === 1) return colour;
    return over(colour, element === section ? [255, 255, 255, 1] : backgroundOf(element.parentElement));
  };
  // https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
  const luminance = ([...channels]) => {
    const [r, g, b] = channels.slice(0, 3).map((channel) => {
      const value = channel / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const scheme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const wantedOf = (size, weight) => (size >= 24 || size >= 18.66 && weight >= 700 ? 3 : 4.5);
  for (const image of section.querySelectorAll('img')) {
    let smallest = Infinity;
    visitWords(image, (words, shapes) => {
      const {fill, fillOpacity, opacity, fontSize, fontWeight} = getComputedStyle(words);
      const size = parseFloat(fontSize) * words.getScreenCTM().a;
      smallest = Math.min(smallest, size);
      const paper = over(rgba(getComputedStyle(image).backgroundColor), backgroundOf(section));
      const background = shapes.reverse().reduce((below, shape) => {
        const style = getComputedStyle(shape);
        if (style.fill === 'none') return below;
        const [r, g, b, a] = rgba(style.fill);
        return over([r, g, b, a * style.fillOpacity * style.opacity], below);
      }, paper);
      const [r, g, b, a] = rgba(fill);
      const ratio = contrast(over([r, g, b, a * fillOpacity * opacity], background), background);
      const wanted = wantedOf(size, fontWeight);
      if (ratio < wanted) {
        report(image, `has the words "${words.textContent.trim()}" with a contrast of ${ratio.toFixed(2)} in the ${scheme}; ` +
            `WCAG AA asks for ${wanted}.`);
      }
    });
    if (smallest < pictureTextSize) {
      report(image, `has words that are ${smallest.toFixed(1)}px large on the slide; ${pictureTextSize}px and more can be read. ` +
          'Make the picture larger, or its words.');
    }
  }

  const seen = new Set();
  const walker = document.createTreeWalker(section, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || seen.has(element) || element.getClientRects().length === 0) continue;
    seen.add(element);
    const {color, fontSize, fontWeight, opacity} = getComputedStyle(element);
    const size = parseFloat(fontSize);
    const least = element.closest('pre, marp-pre') ? codeSize : textSize;
    if (size < least) {
      report(element, `is ${size}px large; the last row reads ${least}px and more. Show less, or make two slides of it.`);
    }
    const background = backgroundOf(element);
    const [red, green, blue, alpha] = rgba(color);
    const ratio = contrast(over([red, green, blue, alpha * opacity], background), background);
    const wanted = wantedOf(size, fontWeight);
    if (ratio < wanted) {
      report(element, `has a contrast of ${ratio.toFixed(2)} in the ${scheme}; WCAG AA asks for ${wanted}. ` +
          'Take the theme\'s colours.');
    }
  }
  // The page's number is no element.
  const number = getComputedStyle(section, '::after');
  if (!['none', 'normal'].includes(number.content)) {
    const ratio = contrast(rgba(number.color), backgroundOf(section));
    if (ratio < 4.5) report(section, `has a number of contrast ${ratio.toFixed(2)}; WCAG AA asks for 4.5.`);
  }
  return {
    title: section.querySelector('h1, h2, h3')?.textContent.trim() ?? '',
    links: [...section.querySelectorAll('a[href]')].map((link) => link.getAttribute('href')),
    problems,
  };
}

/** Reports what the page complains of, and what it fetches besides itself. */
function watch(page, url, report) {
  page.on('console', (message) => {
    if (['error', 'warn'].includes(message.type())) report(`the browser's console says: ${message.text()}`);
  });
  page.on('pageerror', (error) => report(`the browser's console says: ${error.message}`));
  page.on('request', (request) => {
    const wanted = request.url().split('#')[0];
    if (wanted !== url && !/^(data|blob):/.test(wanted)) {
      report(`it asks for ${wanted}; a deck is one file and works without a network. Put it under slides/pictures.`);
    }
  });
}

/** Reports links within the repository that lead nowhere. */
function checkLinks(links, resolve, report) {
  for (const link of links) {
    if (/^(https?:|mailto:|#)/.test(link)) continue;
    const target = path.posix.join('bazel-bin/slides', decodeURI(link.split(/[#?]/)[0]));
    if (!existsSync(resolve(target))) report(`the link to ${link} leads nowhere: there is no ${target}.`);
  }
}

/**
 * Looks at the page that lists the decks, on a telephone and on a screen.
 * @param {object} browser
 * @param {string} file
 * @param {(path: string) => string} resolve as in checkDeck()
 * @return {Promise<string[]>} problems
 */
export async function checkIndex(browser, file, resolve) {
  const page = await browser.newPage();
  const problems = new Set();
  const report = (text) => problems.add(`${path.basename(file)}: ${text}`);
  try {
    const url = pathToFileURL(file).href;
    watch(page, url, report);
    for (const width of [360, 1280]) {
      await page.setViewport({width, height: 720});
      await page.goto(url, {waitUntil: 'load'});
      const {links, overflow, images} = await page.evaluate(() => ({
        links: [...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href')),
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        images: [...document.images].filter((image) => !image.alt.trim() || image.naturalWidth === 0)
            .map((image) => image.alt || 'without alt text'),
      }));
      checkLinks(links, resolve, report);
      if (overflow > 0) report(`it is ${overflow}px wider than a window of ${width}px.`);
      images.forEach((image) => report(`the picture ${image} cannot be seen by all.`));
    }
    return [...problems];
  } finally {
    await page.close();
  }
}

/**
 * Looks at every slide of a deck, in the light and the dark.
 * @param {object} browser
 * @param {string} file the deck's page
 * @param {{limits: object, resolve: (path: string) => string}} options what the
 *     theme says; and where a path from the repository's root is on disk
 * @return {Promise<{slides: number, problems: string[]}>} problems name the deck,
 *     the slide and what to do
 */
export async function checkDeck(browser, file, {limits, resolve}) {
  const page = await browser.newPage();
  const deck = path.basename(file, '.html');
  const problems = new Set();
  const sizes = Object.fromEntries(['codeSize', 'textSize', 'pictureTextSize']
      .map((name) => [name, parseFloat(limits[name])]));
  let where = '';
  const report = (text) => problems.add(`${deck}, ${where}: ${text}`);
  try {
    await page.setViewport({width: 1280, height: 720});
    const url = pathToFileURL(file).href;
    watch(page, url, report);
    where = 'loading';
    await page.goto(url, {waitUntil: 'load'});
    await page.evaluate(() => document.fonts.ready);
    const count = await page.$$eval('svg.bespoke-marp-slide', (slides) => slides.length);
    for (let number = 1; number <= count; ++number) {
      await page.evaluate((hash) => {
        location.hash = hash;
      }, `#${number}`);
      await page.waitForFunction((index) =>
        document.querySelectorAll('svg.bespoke-marp-slide')[index].classList.contains('bespoke-marp-active'),
      {polling: 5, timeout: 30000}, number - 1);
      for (const scheme of ['light', 'dark']) {
        await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
        const slide = await page.evaluate(checkSlide,
            {...sizes, pixel: PIXEL});
        where = `slide ${number} "${slide.title}"`;
        slide.problems.forEach(report);
        checkLinks(slide.links, resolve, report);
      }
    }
    return {slides: count, problems: [...problems]};
  } finally {
    await page.close();
  }
}
