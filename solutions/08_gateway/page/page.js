// The page of the movie gateway: a search whose results appear as they arrive.

const form = document.getElementById('search');
const query = document.getElementById('query');
const cancel = document.getElementById('cancel');
const progress = document.getElementById('progress');
const error = document.getElementById('error');
const movies = document.getElementById('movies');

// The search under way, or undefined.
let running;

// Slide: lines
/** The objects of a stream of JSON, one a line, each as soon as it is there. */
async function* readLines(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const {done, value} = await reader.read();
    if (done) break;
    const lines = (rest + value).split('\n');
    rest = lines.pop();
    yield* lines.filter((line) => line).map((line) => JSON.parse(line));
  }
  if (rest) yield JSON.parse(rest);
}
// End slide: lines

/** What a google.rpc.Status says, as an Error. */
function failure(status) {
  const detail = status.details?.find(({message}) => message)?.message;
  return new Error(status.message || detail || `error ${status.code}`);
}

/** The movies that the service finds. Throws what it says if it fails. */
async function* search(text, signal) {
  const response = await fetch(`/v1/movies?${new URLSearchParams({query: text})}`, {signal});
  if (!response.ok) throw failure(await response.json());
  for await (const {result, error: status} of readLines(response.body)) {
    if (status) throw failure(status);
    yield result;
  }
}

/** Shows a movie. What a service sends is text, and never becomes HTML. */
function show({movieName, movieStyle, movieDescription}) {
  const item = document.createElement('li');
  const add = (tag, text, className = '') => {
    if (!text) return;
    const element = item.appendChild(document.createElement(tag));
    element.textContent = text;
    element.className = className;
  };
  add('h2', movieName || 'Untitled');
  add('p', movieStyle, 'style');
  add('p', movieDescription);
  movies.append(item);
}

const count = (number) => `${number === 0 ? 'No' : number} ${number === 1 ? 'movie' : 'movies'}`;

/** Searches, after ending the search before, until all is there or somebody cancels. */
async function run(text) {
  running?.abort();
  const controller = new AbortController();
  running = controller;
  movies.replaceChildren();
  error.textContent = '';
  progress.textContent = 'Searching …';
  cancel.disabled = false;
  let found = 0;
  try {
    for await (const movie of search(text, controller.signal)) {
      // What had arrived before the cancellation is of no interest any more.
      controller.signal.throwIfAborted();
      show(movie);
      progress.textContent = `${count(++found)} so far …`;
    }
    if (running === controller) progress.textContent = `${count(found)}.`;
  } catch (reason) {
    // A later search has the page.
    if (running !== controller) return;
    if (controller.signal.aborted) {
      progress.textContent = `Cancelled: ${count(found).toLowerCase()} until then.`;
    } else {
      progress.textContent = `${count(found)} before it failed.`;
      error.textContent = `The search failed: ${reason.message}`;
    }
  } finally {
    if (running === controller) {
      running = undefined;
      cancel.disabled = true;
    }
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  run(query.value);
});
cancel.addEventListener('click', () => {
  running?.abort();
  query.focus();
});
