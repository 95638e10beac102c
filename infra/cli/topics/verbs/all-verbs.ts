import { commandNamed } from "../../kit/arguments.ts";
import { CONFIG_ROW, helpText, JSON_ROW, PROGRAM } from "../../kit/help-text.ts";
import type { TopicsVerb } from "../verb.ts";
import { addVerb } from "./add.ts";
import { holdVerb, releaseVerb } from "./hold.ts";
import { kibanaVerb } from "./kibana.ts";
import { listVerb } from "./list.ts";
import { rebuildVerb } from "./rebuild.ts";
import { removeVerb } from "./remove.ts";
import { rewindVerb } from "./rewind.ts";
import { tryVerb } from "./try.ts";

/** In display order. */
export const VERBS: readonly TopicsVerb[] = [
  listVerb,
  addVerb,
  removeVerb,
  tryVerb,
  holdVerb,
  releaseVerb,
  rewindVerb,
  rebuildVerb,
  kibanaVerb,
];

export const TOPICS_HELP = helpText({
  synopsis: "topics COMMAND [options]",
  about: "Declares topics in etcd, and steers those that hosts read. Running hosts follow at once.",
  sections: [
    {
      title: `Commands: ${PROGRAM} topics COMMAND --help shows the options of one`,
      rows: VERBS.map(({ name, operands, about }) => [`${name} ${operands}`.trim(), about]),
    },
  ],
  options: [CONFIG_ROW, JSON_ROW],
});

/** Which verb is called; null: the help of all is wanted. @throws PenstockError `usage` if it is none */
export function verbOf([word]: readonly string[]): TopicsVerb | null {
  if (word === "help" || word === "--help" || word === "-h") return null;
  const verbs = new Map(VERBS.map((verb) => [verb.name, verb]));
  return verbs.get(commandNamed(word, [...verbs.keys()])) ?? null;
}
