/** Lines of the built-in narrator for worlds that bring none, and the ways it takes up a noun nobody wrote a line for. */

import type { NarratorLines } from "../../shared/story.ts";

/** Told for a world without `narrator:`, and kind by kind where a world's own list is empty. */
export const GENERIC_LINES: NarratorLines = {
  look: [
    "You take your time over it, and it repays you in small coin: what is worn, what has been mended, and what " +
    "somebody has moved lately and not put back quite where it was.",
    "Seen from where you stand, the near side is plain enough. It is the far side that does not agree with itself: " +
    "something there has been arranged to be looked past, and almost is.",
    "The light is no help and no hindrance. It falls on the swept part and on the part nobody has swept, and along " +
    "the line between the two there are footprints, going one way.",
    "There is less here than there was. You can see it by the clean square on the wall, the four dents in the floor, " +
    "and the trouble somebody has taken to stand in front of both.",
    "What is old here has been looked after, and what is new has been hidden behind it. At the edge of things, where the light gives out, a shape that could be a heap of sacks has just crossed its legs.",
    "It all looks as it must have looked yesterday, which is what is wrong: the dust has been put back. On one surface only the sleeve that did it has left a clean stripe, with a bent nail lying across the end.",
  ],
  speak: [
    "It is heard. You can tell by the small pause before everyone goes on with what they were doing, a little more " +
    "slowly, and by the one who does not go on at all.",
    '"Well," says a voice that has been waiting its turn, "that is one way of putting it." It does not offer ' +
    "another. But somebody has come a step nearer to hear what follows.",
    'Between you and the rest it is turned over, like goods, and not given back. "You might try that on the right ' +
    'person," somebody remarks at last, and nods at nobody in particular.',
    '"I shall pretend I was out of the room for that," says the one who is nearest, and does not leave. Further off ' +
    "two people who had been quarrelling have stopped in order to listen.",
    "It does what words do in a place like this and gets there before you. By the time you have turned round, two people who were not within hearing have plainly heard, and the older is shaking the younger's arm.",
    '"I\'ll remember that," says somebody with the air of a person who sells what he remembers. He writes nothing down. He only moves a small stone from his left pocket to his right, where there are others.',
  ],
  take: [
    "It comes to hand more easily than it should, as things do that were put down in a hurry. It is colder than the " +
    "air, and underneath there is a mark that a thumb could find in the dark.",
    "Under your hand it is not what it looked: lighter, for one thing, and worn smooth by somebody with a wider grip. " +
    "A little way off, something that was leaning on something slides down.",
    "Nobody stops you. That is the first thing to notice; the second is that one person makes rather a business of " +
    "not having seen, and has left off whistling.",
    "There is some resistance, then rather suddenly there is none. Dust comes away with it, and a curl of paper that " +
    "had been folded small to stop a rattle. It rattles now.",
    "It has been waiting for someone, by the feel of it. The near end is clean, the far end is not, and between the two somebody has tied a bit of red thread, in a bow, as one does so as not to forget.",
    "What gives way first is not the part you had hold of. There is a click, a smell of cold iron, and behind it a hollow no deeper than a loaf. Something has lain in there lately; its print is still in the dust.",
  ],
  go: [
    "The way is shorter than it looked and less empty. Whoever used it last has left it a little open behind them, " +
    "and the air that comes through has been somewhere else this morning.",
    "The place lets you go by, with a creak here and a draught there, like a house getting used to a guest. From " +
    "further on comes a sound that stops when you are near enough to name it.",
    "A few dozen steps change it: other sounds, another smell, a different set of things that people have decided to " +
    "live with. Behind you the spot where you stood has already closed over.",
    "There are two ways to go on and one of them has been used more. The other has been used last: the dust says so, " +
    "and so does the thread, quite new, caught at the height of a sleeve.",
    "Every place keeps its second-best side for those who come this way. Here it is washing, a dog that has given up barking, and a window from which a face withdraws, leaving behind on the glass a small round of breath.",
    "It goes down a little, then up a little, as if the ground had thought of something. At the top somebody has left two cups side by side on a stone. One is empty. The other is full and still warm.",
  ],
  wait: [
    "Nothing hurries. What was going to happen goes on being about to, and in the meantime the light moves by the " +
    "width of a finger, and something that had been dry begins to drip.",
    "It is the others who move first. One shifts from foot to foot; one counts under his breath, loses the number and " +
    "begins again; and a door that has been shut all this while turns out not to be.",
    "For a while there is only weather, as much as there is of it. Then a small regular noise that has been there all " +
    "along leaves off, and people lift their heads.",
    "Somebody goes past carrying a chair. A little later somebody goes past the other way, looking for a chair. " +
    "Neither says a word, but the second one slows down, and looks at you, and seems to add something up.",
    "You are let alone for as long as it takes to count a hundred. At ninety somebody comes in backwards, pulling a thing too big for the way, sees that the place is not empty, and sits down upon it at once.",
    'A smell of cooking comes by, and goes, and comes back with somebody behind it holding a spoon. "It wants something," they say to the air at large, and taste, and frown, and hold out the spoon.',
  ],
  ask: [
    '"That depends who gets told afterwards," comes the answer, not unkindly. Then there is a silence of the sort that ' +
    "people leave out on the step for somebody else to fill.",
    '"People ask that," says whoever is nearest, and looks for help to somebody who is busy. "They ask, and then they ' +
    "go and see for themselves, and after that they don't ask.\"",
    "You get half of it. The other half is in the way the speaker looks, before answering, at a place where there is " +
    "nothing to see, and after answering takes care not to look there again.",
    '"Ask me when I have my hands free," says a person with empty hands, and then, lower, "or ask the one who came in ' +
    'after you. I did not see which way they went."',
    '"Oh, that," comes the reply, and then a good deal about something else, told well and with both hands. Only afterwards does it strike the ear that one name was left out of it each time there was a place for it.',
    'The question lies there between you. At length somebody picks it up. "I could tell you what I was told to say," she offers, "or I could go and see to the fire." She goes to see to the fire, and leaves her bag.',
  ],
  hard: [
    "It does not go. It is simply heavier, or higher, or better made than a person is, and has been standing up to " +
    "people for longer. But something about it has shifted, by the breadth of a hair.",
    "There is a moment when it looks possible. Then the plain facts come in one after another, like bailiffs, and you " +
    "are where you were, a little out of breath, and know one thing more about how it is fastened.",
    "The world takes note and declines. A seam gives, not badly; something rolls away under something else; and " +
    'somebody who has watched the whole of it says, after a decent interval, "There\'s a knack to that."',
    "Halfway is as far as it comes. From halfway, though, there is a view that nobody has from the ground, and in it, " +
    "where it was never meant to be seen, a thing has been put by for later.",
    "It can be begun; anybody can begin it. Past the beginning it asks for a third hand, then for a longer arm, and then for a better reason. When it has all come down again, one piece lies further off than the rest.",
    "For a breath the thing seems to consider. Then it settles, with a sound like a large animal lying down, exactly where it was. Under its edge, though, where it has rubbed the ground bare, the corner of a letter sticks out.",
  ],
  beats: [
    "Somebody here is late. People have begun to look round without mentioning it; now one of them goes out to see, " +
    "and does not stop to take a coat.",
    "A parcel has been left where everyone must step round it. The string is good and the knot is careful, and the name " +
    "on it has been wetted until it could be anybody's. Nobody will be the first to lift it.",
    'The one who went out comes back, alone and slower. "Not on the road," is all they say, and they sit down where they ' +
    "can see the way in. The parcel, you notice, has been turned so that its name faces the wall.",
    "The weather has made up its mind. Things are being taken in, tied down, covered; and an older person with an armful " +
    "holds out the other end of a rope to you, as to someone who has always held it.",
    "Two people quarrel under their breath about a lamp: whether to light it. The one who is against it looks, each time, " +
    "not at the lamp but out, at the dark it would be seen from. In the end it is lit and put on the floor.",
    "Something has been at the parcel. One corner is open by the width of two fingers, and a smell has come out of it, " +
    'sweet and a little burnt. "It was like that," says a child who had not been asked.',
    "From outside, a long way off, somebody whistles: four notes, and the last one wrong. Everyone here has stopped moving. " +
    "One hand goes to the bolt and lies there, waiting to see what the other hands will do.",
    'The whistle comes again, nearer, with the same wrong note. "That\'s no one we know," a voice says, too quickly, and a ' +
    "second voice, from the back, says the name on the parcel aloud for the first time.",
    "A knock, low down, as from somebody small or somebody sitting. The lamp is covered with a coat. Through the crack of the " +
    "door a hand has pushed one thing over the sill: half of a ticket, torn across, still warm.",
    "The other half of the ticket was in the parcel all the time. An old man fits the two together on his knee, and they fit, " +
    "and he begins to laugh without any noise. Then he holds both out, and it is you he holds them out to.",
    "The one who was late is let in at last, wet through, and will not sit. There is a place kept, it seems, on something that " +
    "leaves before it is light, one place, paid for by somebody dead. They put the key of it down between you and the door.",
    "The bolt is drawn back and the night comes in as far as the lamp. Out there a lantern swings once, twice, and is held still. " +
    "Everyone has found something to do with their hands. The key lies where it was put, and the way past it is clear.",
  ],
  answers: [],
  first_line: "I stand still and find out who is watching.",
};

/** A noun without a line of its own is taken up by one of these; each reads well for one thing, many, a person or an idea. */
export const NOUN_LINES: string[] = [
  "About the {noun} there is no hurry, or none that anyone will own to.",
  "For the {noun}, it turns out, somebody here has other plans; a pair of eyes goes there and away again.",
  "The word {noun} has gone round before you; it comes back from two sides, meaning two different things.",
  "You are not the first to come to the {noun}, to judge by how little surprise there is.",
  "Of the {noun} you learn, to begin with, only this much: people here step round the subject as round a wet floor.",
  'Somewhere behind you a voice says "{noun}" to another voice, the way one repeats a price.',
  "As to the {noun}, the less said the more is understood, and at the moment nothing is being said.",
  "It is the {noun} that does it: heads turn, one at a time, and turn back less far than they came.",
  "Somebody has noticed you and the {noun}, and is slowly putting the two together.",
  "With the {noun} matters go as they go here: slowly, and then a little more than slowly.",
  "There is an opinion about the {noun} in every face within reach, and no two are the same opinion.",
  "What there is to know about the {noun} is not all to be had from this side.",
  "Mention of the {noun} was made here yesterday too, by somebody who then paid and left.",
  "Regarding the {noun}, a cough is heard, of the kind that keeps a place in a conversation.",
];

/** A name that nobody here answers to is taken up by one of these; each reads well for a person and for a place. */
export const NAME_LINES: string[] = [
  "The name of {noun} goes along the row like a plate, and comes back with nothing on it.",
  "At the name of {noun} two people look up, at each other, and down again.",
  "For {noun}, somebody says, one would have to ask further on; and says it like a person who has been further on.",
  "{noun} is not a name for indoors, it seems. Whoever lets that be known has lowered their voice to do it.",
  "Of {noun} nothing has been heard today, which in the mouth of the one who says so sounds like a good deal.",
  "As for {noun}, one person here knows more than the others, to judge by the time that a bootlace is taking.",
  "The name {noun} is repeated somewhere behind you, wrongly, the way it is done so as to hear it put right.",
  "{noun} lets in a draught, as names do here: everyone is polite about it, and somebody sees to the door.",
];

/** How a sentence of lore reaches a player: as something heard or seen, never as an entry read out. */
export const LORE_FRAMES: string[] = [
  "You pick this much up by standing still. {lore}",
  "{lore} That much is told to you for nothing, by someone who has told it before.",
  "It comes to you from the next conversation but one, half a sentence at a time. {lore}",
  "{lore} You may believe it or not, and people here do both.",
  "You can see for yourself how that stands. {lore}",
  "{lore} Nobody near you contradicts it, which is not the same as agreeing.",
  "That is the sort of thing you are told here before your name is asked. {lore}",
  "{lore} It is said in your hearing, and then said again, so it may be meant for you.",
  "Two people tell you at once, and agree for as long as it takes. {lore}",
  "{lore} You would not need to be told twice; you are told twice.",
  "It is common knowledge, and common knowledge is handed you like a coat to hold. {lore}",
  "{lore} Whoever says so is already walking on, and you have it from their back.",
  "This comes round to you as a dish does, already started. {lore}",
  "{lore} You have that from a child, who has it from somebody taller.",
];
