// The page that lists all decks.

const escape = (text) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

function card({name, title, slides, talk, exercises, lesson}) {
  const picture = slides.find((slide) => slide.picture)?.picture;
  const practice = Object.values(exercises).reduce((sum, minutes) => sum + minutes, 0);
  return `<li>
  <a class="deck" href="${name}.html">
    ${picture ? `<img${picture.knowsDark ? '' : ' class="paper"'} src="${picture.src}" alt="${escape(picture.alt)}">` : ''}
    <h2>${escape(title)}</h2>
  </a>
  <p>${slides.length} slides, ${talk} minutes${practice ? `; ${Object.keys(exercises).length} exercises, ${practice} minutes` : ''}</p>
  ${lesson ? `<p><a href="../../lessons/${lesson}/README.md">lessons/${lesson}</a></p>` : ''}
</li>`;
}

/** @param {object[]} decks as schedule() takes them, with the lesson's folder */
export function indexPage(decks, fonts) {
  return `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>RPC on steroids, in C++: the slides</title>
<style>
${fonts}
:root { color-scheme: light dark; --ink: light-dark(#1b2733, #e8edf2); --paper: light-dark(#ffffff, #14191f);
  --line: light-dark(#c5ced6, #3d4a57); --link: light-dark(#0b5cad, #7ab8ff); }
body { margin: 2rem auto; padding: 0 1rem; max-width: 72rem; background: var(--paper); color: var(--ink);
  font: 1.125rem/1.5 "Inter Variable", system-ui, sans-serif; }
ul { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); padding: 0; list-style: none; }
li { display: flex; flex-direction: column; padding: 1rem; border: 1px solid var(--line); border-radius: 0.75rem; }
img { width: 100%; height: 10rem; object-fit: contain; border-radius: 0.5rem; }
img.paper { background: #f7f7f4; }
h2 { margin: 0.5rem 0 0; font-size: 1.375rem; }
p { margin: 0.25rem 0 0; }
a { color: var(--link); }
</style>
<h1>RPC on steroids, in C++</h1>
<p>One deck for each lesson, an opening and a close. Arrow keys move, <kbd>f</kbd> fills the screen, <kbd>p</kbd> shows the speaker's notes.</p>
<ul>
${decks.map(card).join('\n')}
</ul>
</html>
`;
}
