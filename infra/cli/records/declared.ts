import { messageOf } from "../../../lib/rules/base/errors.ts";
import { mergeDeclarations } from "../../../lib/rules/declarations/desired.ts";
import type { Specification } from "../../../lib/rules/model/declaration.ts";
import type { CommandIo } from "../kit/command-io.ts";
import type { LoadedConfig } from "../kit/load-config.ts";
import { readDeclarations } from "../topics/declared-topics.ts";
import { listTopics } from "../topics/list.ts";

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
  const { declarations } = await readDeclarations(config, io.signal).catch((error: unknown) => {
    io.signal.throwIfAborted();
    io.error.write(`Note: only the config file counts, because etcd cannot be read: ${messageOf(error)}\n`);
    return listTopics(config.declarations, null, deadLetterTopic);
  });
  const { desired } = mergeDeclarations(declarations, topics, deadLetterTopic);
  return new Map([...desired].map(([name, { spec }]) => [name, spec]));
}
