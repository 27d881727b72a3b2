/** Words that stand for nearly the same in stories: a jacket calls the coat that a map was sewn into. Pure. */

// Things and doings that stories turn on, each line one kindred; not what is near in mood only, and nothing that stands on
// every page. A word that is two things ("lie") is left out.
const ENGLISH = `
  coat jacket cloak mantle cape overcoat
  sword blade dagger knife sabre rapier
  frost ice icy frozen snow winter
  nut nuts walnut walnuts hazelnut hazelnuts chestnut chestnuts almond almonds
  wed weds wedding marry married marriage bride bridegroom
  ship boat barge ferry vessel rowboat
  inn tavern alehouse
  innkeeper landlord landlady publican
  money coin coins purse
  horse mare stallion steed pony gelding
  letter message note
  forest woods
  doctor healer physician apothecary surgeon
  thief robber burglar pickpocket
  soldier guard guards watchman sentry
  church chapel temple abbey
  grave tomb buried burial graveyard cemetery
  bag sack satchel saddlebag knapsack pouch
  fire flame flames blaze burning
  storm tempest gale
  river stream brook
  sea ocean
  mountain hill
  wolf hound
  ale beer wine drunk
  promise promised oath vow vowed swear swore pledge pledged
  owe owes debt borrow borrowed lend lent loan
  steal steals stole stolen theft
  kill kills killed murder murdered slay slain
  lied liar
  afraid fear fears feared scared
  hate hates loathe loathes despise
  wound wounded hurt injury injured
  ill sick fever illness sickness
  jail prison gaol dungeon
  poison poisoned poisonous venom
  key lock locked
  child baby infant
  king queen throne
  dead death died dies corpse
  bread loaf cake
  rope cord
  tower spire belfry
  jewel gem ruby emerald sapphire diamond
  witch sorceress wizard sorcerer magician`;

// As they are searched (words.ts): without their endings.
const GERMAN = `
  mantel jack umhang rock
  schwert kling dolch mess säbel
  frost eis schne wint
  nuss nüss walnuss walnüss haselnuss
  hochzeit heirat braut bräutigam
  schiff boot kahn fähr
  gasthaus wirtshaus schenk herberg
  geld münz taler
  pferd stut hengst gaul
  brief nachricht
  arzt bader
  dieb räub
  grab friedhof
  versprech versprach schwör schwur eid gelöbnis
  schuld schuldet borg lieh leih`;

function kinOf(kindreds: string): Map<string, string[]> {
  const kin = new Map<string, string[]>();
  for (const line of kindreds.trim().split("\n")) {
    const words = line.trim().split(" ");
    for (const word of words) {
      kin.set(word, [...kin.get(word) ?? [], ...words.filter((other) => other !== word)]);
    }
  }
  return kin;
}

const KIN = { english: kinOf(ENGLISH), german: kinOf(GERMAN) };

/** The kindred of a word as it is searched; most words have none. */
export function kindredOf(phrase: string, language: keyof typeof KIN): readonly string[] {
  return KIN[language].get(phrase) ?? [];
}
