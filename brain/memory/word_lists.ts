/** The words that recall knows: what tells a language, what says nothing, and what is said in every story. */

export const GERMAN_SIGNS = new Set(
  `ich der die das und ist nicht ein eine einen dem den mit auf zu wir ihr sie mich mir dir dich was wer wo wie von für
  nach im am hat habe hast bist bin sind sein war noch auch aber oder wenn dann ihm ihn sich`.split(/\s+/),
);
export const ENGLISH_SIGNS = new Set(
  "the and of to is i you my your what who where a an in with was for on at he she it did do".split(" "),
);
/** In letters. */
export const LONGEST_SIGN = Math.max(...[...GERMAN_SIGNS, ...ENGLISH_SIGNS].map((word) => word.length));
export const GERMAN_STOP_WORDS = new Set(
  `aber alle allem allen aller alles als also am an auch auf aus bei beim bin bis bist da damit dann das dass dein deine
  deinem deinen deiner dem den denn der des dich die dies diese diesem diesen dieser dieses dir doch dort du durch ein
  eine einem einen einer eines er es etwas euch euer für gegen hab habe haben hast hat hatte hatten hier hin hinter ich
  ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist ja jede jedem jeden jeder jetzt kann kein keine keinem keinen
  mal man mein meine meinem meinen meiner mich mir mit nach nein nicht nichts noch nun nur ob oder ohne schon sehr sein
  seine seinem seinen seiner seit sich sie sind so soll über um und uns unser unter vom von vor wann war waren warum was
  weil welche welchem welchen welcher welches wenn wer werde werden wie wieder will wir wird wo woher wohin würde zu zum
  zur zwischen`.split(/\s+/),
);
export const GERMAN_WEAK_WORDS = new Set(
  `atme auge augen boden danke einverstanden folge fuß gerade gern gesicht kopf lache lächle langsam leise moment
  mund raum ruhe ruhig schulter schultern schweige schweigend seufze still stimme umschaue weitergehe zimmer zucke zögere
  antworte bleibe blicke bringe finde frage gebe gehe gehen gut halte hand hände höre komme lange lasse laufe lege
  mache machen mann nehme nicke noch öffne sage sagen schaue sehe sehen setze sitze stehe stelle suche trete tür warte
  weg weiß weiter zeit ziehe`.split(/\s+/),
);

export const JAPANESE_WEAK_PAIRS = new Set(
  `少し 待つ 待っ 見る 見回 回す 周り 辺り 頷く 頷い 笑う 笑っ 黙っ 黙る 座る 座っ 立つ 立っ 歩く 歩い 進む 進ん 行く 行っ 聞く
  聞い 言う 言っ 頭を 目を 首を 肩を 息を 静か 何も 答え 返事 続け 続く 道を 前に 後ろ 手を 顔を 微笑 深く 今日 思う 思っ 考え
  止ま 来る 来た 出る 入る 彼は 彼女 女は 私は 人に 人が 所へ`.split(/\s+/),
);

export const STOP_WORDS = new Set(
  `a about above after again against all also am an and any are aren't as at be because been before being below
  between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each either
  else ever every few for from further get gets getting got had hadn't has hasn't have haven't having he he'd he'll
  he's her here here's hers herself hey him himself his how how's i i'd i'll i'm i've if in into is isn't it it's its
  itself just let let's like may maybe me might more most must my myself neither no nor not now of off oh ok okay on
  once one only onto or other ought our ours ourselves out over own perhaps please quite rather really same shall she
  she'd she'll she's should shouldn't so some somehow someone something still such than that that's the their theirs
  them themselves then there there's these they they'd they'll they're they've this those though through thus to too
  toward towards under until up upon us very was wasn't we we'd we'll we're we've well were weren't what what's
  whatever when when's where where's whether which while who who's whom whose why why's will with within without won't
  would wouldn't yes yet you you'd you'll you're you've your yours yourself yourselves`.split(/\s+/),
);

export const WEAK_WORDS = new Set(
  `accept across act add agree agreed alone along alright already although anyone anything anyway anywhere approach arm
  arms arrive aside await awake back backward bad bag bed begin begins behind believe beside better big bit body bow
  breath breathe bring brings calm calmly care careful carefully carry case cautiously certain chair chance change check
  chest chin clear clearly close closed closer cold come comes coming continue corner corners course crouch cry dark
  day deal deep deeply direction distance door doors drop each ear ears easy edge else empty end enough enter entire eye
  eyebrow eyes face fact fall far fast feel feels feet felt figure fine finger fingers first floor follow follows foot
  forth forward friend front full fully gaze gentle gently gesture gestures girl give gives glad glance glances go goes
  going gone good grab great greet grin ground group guess half hand hands happen happened happens happy hard head hear
  heard heart heavy hello help hesitate hi hold holds home hope house huh hum idea inside keep keeps kind knee kneel
  knees knock know knows known large last late later laugh laughs lead lean leans leave leaves left leg legs lift light
  likely line lips listen listens little long longer look looked looking looks lot loud low make makes making man many
  matter mean means mind minute minutes mm moment moments morning mouth move moved moves much mutter name near nearby
  nearly neck need needs new nice night nod nods nobody none nose note nothing notice object observe odd often old open
  opened opens outside pace part pass past path pause pauses people person pick place places plan point pull push put
  puts question questions quick quickly quiet quietly raise reach ready real realise reason relax remain remember reply
  rest return right rise road room rub run runs sad safe said sat saw say saying says scene search seat second see seem
  seems seen sees shake shakes short shoulder shoulders shrug shrugs side sigh sighs sight sign silence silent silently
  simple simply sit sits sitting situation slight slightly slow slowly small smile smiles smiling soft softly soon sorry
  sort sound sounds space speak stand standing stands stare stares start starts stay stays steady step steps still stop
  stops story straight strange study sudden suddenly sure surely surroundings table take taken takes talk talking talks
  tell telling tells thank thanks thing things think thinking thinks thought thoughts three throat tightly tilt time
  times tired together told took touch toward town tried true trust try trying turn turned turns two understand
  upon use view voice wait waiting waits wake walk walking walks wall want wants watch watches watching water way weary
  week went wide window wish woman wonder word words work world worry yawn year yeah yep young answer answers around ask
  asked asking asks away bring day find give hand yet nope aye indeed maybe hmm oh ah`.split(/\s+/),
);
