import { BY_ROW, parseHold } from "../hold.ts";
import type { TopicsVerb } from "../verb.ts";

const EXIT_CODES =
  "0 done, or nothing to do, 1 refused, or hosts do not follow yet, 2 wrong usage, 78 bad config, 128 + signal if ended by one";

export const holdVerb: TopicsVerb = {
  name: "hold",
  operands: "TOPIC…",
  about: "read nothing more of these topics until they are released; their positions stay",
  details: `What is in flight is finished and committed. Their lag is still measured, other topics notice nothing, and a held topic is never shown as stalled. The order is kept in Kafka (group <kafka.group>.holds): it works for topics of the config file, those that it names even without etcd, on all hosts, and outlives them. The command waits until all partitions follow, for 15 s at most.

A topic may also be declared with hold: true, to hold it from the beginning or to hold all topics of a pattern.`,
  options: [["--reason TEXT", "why, for whoever sees the topic held"], BY_ROW],
  parse: (args) => parseHold(args, true),
  exitCodes: EXIT_CODES,
};

export const releaseVerb: TopicsVerb = {
  name: "release",
  operands: "TOPIC…",
  about: "read held topics again, from where they were held",
  details:
    "Withdraws the order to hold them. hold: true in a declaration is removed where it stands: the command says where that is.",
  options: [BY_ROW],
  parse: (args) => parseHold(args, false),
  exitCodes: EXIT_CODES,
};
