import { mergeDeclarations } from "../../../lib/rules/declarations/desired.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import type { CommandIo } from "../kit/command-io.ts";
import type { LoadedConfig } from "../kit/load-config.ts";
import { onlyTheFile, orFromFile, readDeclarations } from "../topics/declared-topics.ts";

/**
 * The specifications of all topics that are declared by name, and of those that patterns cover. If etcd cannot be read, only
 * the config file counts, and a note says so.
 * @param existing the topics that a pattern may cover; asked for only if there is one
 */
export async function readSpecifications(
  config: LoadedConfig,
  existing: () => Promise<Iterable<string>> | Iterable<string>,
  io: Pick<CommandIo, "signal" | "error">,
): Promise<ReadonlyMap<string, Specification>> {
  const { topic: deadLetterTopic } = config.settings.deadLetters;
  const reading = readDeclarations(config, io.signal);
  const { listing, missing } = await orFromFile(reading, config, io.signal);
  if (missing !== null) io.error.write(onlyTheFile(missing));
  const { declarations } = listing;
  const topics = declarations.some(({ target }) => target.kind === "pattern") ? await existing() : [];
  const { desired } = mergeDeclarations(declarations, topics, deadLetterTopic);
  return new Map([...desired].map(([name, { spec }]) => [name, spec]));
}
