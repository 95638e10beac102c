import { mergeDeclarations } from "../../../lib/rules/declarations/desired.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import type { CommandIo } from "../kit/command-io.ts";
import type { LoadedConfig } from "../kit/load-config.ts";
import { onlyTheFile, orFromFile, readDeclarations } from "../topics/declared-topics.ts";

/**
 * The specifications of these topics, and of all that are declared by name. If etcd cannot be read, only the config file
 * counts, and a note says so.
 */
export async function readSpecifications(
  config: LoadedConfig,
  topics: Iterable<string>,
  io: Pick<CommandIo, "signal" | "error">,
): Promise<ReadonlyMap<string, Specification>> {
  const { topic: deadLetterTopic } = config.settings.deadLetters;
  const reading = readDeclarations(config, io.signal);
  const { listing, missing } = await orFromFile(reading, config, io.signal);
  if (missing !== null) io.error.write(onlyTheFile(missing));
  const { desired } = mergeDeclarations(listing.declarations, topics, deadLetterTopic);
  return new Map([...desired].map(([name, { spec }]) => [name, spec]));
}
