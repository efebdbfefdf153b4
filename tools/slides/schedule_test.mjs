import assert from 'node:assert/strict';
import {test} from 'node:test';
import {clock, schedule} from './schedule.mjs';

const decks = [
  {name: '01_proto', title: '01 Proto', slides: [1, 2], talk: 20, exercises: {read: 10, write: 15}},
  {name: 'close', title: 'The end', slides: [1], talk: 5, exercises: {}},
];
const day = (entries, minutes = 60) => ({plans: [{title: 'A day', start: '9:30', minutes, entries}]});

test('a clock turns', () => {
  assert.equal(clock('9:05', 90), '10:35');
  assert.equal(clock('9:05', 0), ' 9:05');
});

test('all minutes are summed', () => {
  const {text} = schedule(decks, {plans: []});
  assert.match(text, /^01 Proto +2 +20 +25 +45$/m);
  assert.match(text, /^All +3 +25 +25 +50$/m);
});

test('a day has decks, chosen exercises and pauses', () => {
  const {text, problems} = schedule(decks, day([
    {deck: '01_proto', exercises: ['write']}, {pause: 'Coffee', minutes: 15}, {deck: 'close'}]));
  assert.deepEqual(problems, []);
  assert.match(text, /A day: 55 of 60 minutes/);
  assert.match(text, /^ 9:30 {2}01 Proto \(35 minutes\)\n +exercises: write$/m);
  assert.match(text, /^10:05 {2}Coffee \(15 minutes\)$/m);
  assert.match(text, /^10:20 {2}The end \(5 minutes\)\n10:25 {2}End$/m);
});

test('"all" is every exercise', () => {
  assert.match(schedule(decks, day([{deck: '01_proto', exercises: 'all'}])).text, /\(45 minutes\)\n +exercises: read, write/);
});

test('a day that is too short fails', () => {
  assert.match(schedule(decks, day([{deck: '01_proto', exercises: 'all'}], 30)).problems[0],
      /slides\/schedule\.json: "A day" has 30 minutes and takes 45: leave out/);
});

test('decks and exercises that are gone fail', () => {
  assert.match(schedule(decks, day([{deck: '02_x'}])).problems[0], /names the deck 02_x, and there is none/);
  assert.match(schedule(decks, day([{deck: '01_proto', exercises: ['sing']}])).problems[0],
      /exercises that 01_proto has not: sing/);
});
