/** What the built-in narrator hears in a line. */

import assert from "node:assert/strict";
import {
  formsOf,
  type Kind,
  kindOf,
  namesIn,
  nounsOf,
  withoutDeeds,
  wordsOf,
} from "../../../brain/llm/demo_words.ts";

const KINDS: [string, Kind][] = [
  ["look around", "look"],
  ["I look at the lamp.", "look"],
  ["I examined the knots", "look"],
  ["I am listening to the wind", "look"],
  ["Who are you?", "ask"],
  ["what is under the pier", "ask"],
  ["I ask the boy about the lamp.", "ask"],
  ["I give the boy an apple and ask who lights the lamp now.", "ask"],
  ["I weigh the duck in my hand and ask what she was paid", "ask"],
  ['"Is it yours?" I hold up the rope.', "ask"],
  ["Ist das deine Lampe?", "ask"],
  ["I nod.", "wait"],
  ["I wait till morning.", "wait"],
  ["I sit down and think.", "wait"],
  ["...", "wait"],
  ["", "wait"],
  ["Ich frage den Jungen nach der Lampe.", "wait"],
  ["Поднимаюсь по лестнице", "wait"],
  ["I take the rope.", "take"],
  ["I put the coin on the counter.", "take"],
  ["I carefully open the door", "take"],
  ["I grabbed the rope", "take"],
  ["I leave by the wrong door.", "go"],
  ["I go back to where it began.", "go"],
  ["I am going on", "go"],
  ["north", "go"],
  ["I follow the girl down the road", "go"],
  ['"Good evening."', "speak"],
  ["“Good evening.”", "speak"],
  ["I tell him I am the bishop.", "speak"],
  ["I lie to her.", "speak"],
  ["I kill the guard.", "hard"],
  ["I run up and jump over the wall", "hard"],
  ["I try to lift the anvil", "hard"],
  ["I take the horse with one hand", "hard"],
  ["I lift the house over my head", "hard"],
  ["I wait for the fight to end", "wait"],
  ["I look at the jump", "look"],
  ["I weigh myself.", "look"],
  ["I set fire to the house.", "hard"],
  ["The ferry is on fire.", "hard"],
  ["I set the fire irons down.", "take"],
  ["I return to the pier.", "go"],
  ["help", "ask"],
  ["Help me!", "ask"],
  ["help the boy", "take"],
  ["I help the boy.", "take"],
];

Deno.test("a line's kind is its verb's, and without an English verb something else moves", () => {
  for (const [line, kind] of KINDS) assert.equal(kindOf(line), kind, line);
});

const NOUNS: [string, string[]][] = [
  ["I look at the lamp.", ["lamp"]],
  ["I ask the boy about the old lamp on the pier", ["boy", "lamp", "pier"]],
  ["I take the boy's rope", ["rope"]],
  ["I put a coin, a key and my hat on the counter", ["coin", "key", "hat", "counter"]],
  ["I pull the rope slowly", ["rope"]],
  ["I take the rope, then the rope again", ["rope"]],
  ["I take the nearest thing", []],
  ["I shake my head", []],
  ["I wait till the morning", []],
  ["I say what I do for a living", []],
  ["I talk to the man", []],
  ["Who are you?", []],
  ["I nod.", []],
  ["I give the boy my hat", ["boy", "hat"]],
  ["the 12 lamps", ["lamps"]],
  ["I ask who lights the lamp now.", ["lamp"]],
  // What a thing did is no thing, how it was made is part of it.
  ["my sister sent me", ["sister"]],
  ["The boy followed me to the pier.", ["boy", "pier"]],
  ["The boy followed me home.", ["boy"]],
  ["the door opened", ["door"]],
  ["I read the painted sign.", ["sign"]],
  ["I look at the old painted sign.", ["sign"]],
  ["I look at the tally shed.", ["shed"]],
  ["I have no idea.", []],
];

Deno.test("nouns are what follows a determiner, in reading order, without the vague ones", () => {
  for (const [line, nouns] of NOUNS) assert.deepEqual(nounsOf(line), nouns, line);
});

Deno.test("a name is a capital where no sentence and no speech begins, in English", () => {
  const rows: [string, string[]][] = [
    ["I ask Marta about Gedney, and Marta again.", ["Marta", "Gedney"]],
    ["I ask for Anna-Lena.", ["Anna-Lena"]],
    ["Marta is my sister. Peter too.", []],
    ['I say, "Open the door."', []],
    ['"Is Marta here?" I ask.', ["Marta"]],
    ["I'M SHOUTING AT THE BOY, and I'm hoarse.", []],
    ["I wait for Monday, for God and for Christmas.", []],
    ["Ich gehe zur Lampe.", []],
    ["", []],
  ];
  for (const [line, names] of rows) assert.deepEqual(namesIn(line), names, line);
});

const FORMS: [string, string][] = [
  ["lamps", "lamp"],
  ["boxes", "box"],
  ["berries", "berry"],
  ["boy's", "boy"],
  ["looked", "look"],
  ["grabbed", "grab"],
  ["taking", "take"],
  ["going", "go"],
  ["lamp", "lamp"],
];

Deno.test("a word is known by its plural, past and -ing forms", () => {
  for (const [word, form] of FORMS) assert.ok(formsOf(word).includes(form), `${word} -> ${form}`);
  assert.deepEqual(formsOf("glass"), ["glass"]);
  assert.deepEqual(formsOf("red"), ["red"]);
  assert.deepEqual(formsOf("king"), ["king"]);
});

Deno.test("words keep inner apostrophes and hyphens, in any script", () => {
  assert.deepEqual(wordsOf("Don’t, half-way; ЛАМПА 12!"), ["don't", "half-way", "лампа", "12"]);
});

Deno.test("a line without its deeds keeps the things, and a single word is a thing", () => {
  const rows = [
    ["I light the lamp.", "i the lamp"],
    ["I look at the light.", "i at the light"],
    ["I ring the bell and watch.", "i the bell and"],
    ["The watch?", "the watch"],
    ["watch", "watch"],
    ["Who are you?", "who are you"],
    ["", ""],
    // "can" is a thing only where it is no auxiliary verb.
    ["Who can I trust here?", "who i trust here"],
    ["Can the boy swim?", "the boy swim"],
    ["Can you?", "you"],
    ["The boy can swim", "the boy swim"],
    ["Now can she", "now she"],
    ["I look at the oil can.", "i at the oil can"],
    ["The can opens.", "the can opens"],
  ];
  for (const [line, things] of rows) assert.equal(withoutDeeds(line), things, line);
});
