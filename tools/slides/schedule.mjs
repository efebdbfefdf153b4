// Sums the minutes of the decks into plans for a day, as text.

/** "9:05" plus 90 minutes is "10:35". */
export function clock(start, minutes) {
  const [hours, rest] = start.split(':').map(Number);
  const total = hours * 60 + rest + minutes;
  return `${Math.floor(total / 60)}:${String(total % 60).padStart(2, '0')}`.padStart(5);
}

/** What a deck takes with the exercises that `names` chooses, or with "all". */
function minutesOf(deck, names) {
  const unknown = names === 'all' ? [] : names.filter((name) => !(name in deck.exercises));
  if (unknown.length) return {unknown};
  const chosen = names === 'all' ? Object.keys(deck.exercises) : names;
  const exercises = chosen.reduce((sum, name) => sum + deck.exercises[name], 0);
  return {chosen, total: deck.talk + exercises};
}

function planText(plan, decks, problems) {
  let now = 0;
  const lines = [];
  for (const entry of plan.entries) {
    const start = clock(plan.start, now);
    if (entry.pause) {
      lines.push(`${start}  ${entry.pause} (${entry.minutes} minutes)`);
      now += entry.minutes;
      continue;
    }
    const deck = decks.find(({name}) => name === entry.deck);
    if (!deck) {
      problems.push(`"${plan.title}" names the deck ${entry.deck}, and there is none.`);
      continue;
    }
    const {unknown, chosen, total} = minutesOf(deck, entry.exercises ?? []);
    if (unknown) {
      problems.push(`"${plan.title}" names exercises that ${deck.name} has not: ${unknown.join(', ')}.`);
      continue;
    }
    lines.push(`${start}  ${deck.title} (${total} minutes)`);
    if (chosen.length) lines.push(`         exercises: ${chosen.join(', ')}`);
    now += total;
  }
  const end = clock(plan.start, now);
  lines.push(`${end}  End`);
  const room = plan.minutes - now;
  if (room < 0) {
    problems.push(`"${plan.title}" has ${plan.minutes} minutes and takes ${now}: leave out exercises or decks there.`);
  }
  return `${plan.title}: ${now} of ${plan.minutes} minutes\n\n${lines.join('\n')}\n`;
}

/**
 * @param {object[]} decks {name, title, slides, talk, exercises: {name: minutes}}
 * @param {object} plans what slides/schedule.json holds
 * @return {{text: string, problems: string[]}}
 */
export function schedule(decks, plans) {
  const problems = [];
  const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
  const row = (title, ...cells) => title.padEnd(34) + cells.map((cell) => String(cell).padStart(10)).join('');
  const rows = decks.map(({title, slides, talk, exercises}) =>
    [title, slides.length, talk, sum(Object.values(exercises))]);
  const total = [1, 2, 3].map((column) => sum(rows.map((cells) => cells[column])));
  const all = [...rows, ['All', ...total]].map(([title, slides, talk, exercises]) =>
    row(title, slides, talk, exercises, talk + exercises));
  const table = [row('minutes of', 'slides', 'talk', 'exercises', 'together'), ...all].join('\n');
  const days = plans.plans.map((plan) => planText(plan, decks, problems));
  return {text: [table + '\n', ...days].join('\n'), problems: problems.map((text) => `slides/schedule.json: ${text}`)};
}
