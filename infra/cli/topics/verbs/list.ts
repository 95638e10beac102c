import { CONFIG_OPTIONS, parseWords } from "../../kit/arguments.ts";
import { ExitCode } from "../../kit/exit-code.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import { readListing } from "../declared-topics.ts";
import { formatListing, listingAsJson, type TopicsListing } from "../list.ts";
import type { TopicsIo, TopicsVerb } from "../verb.ts";

export const listVerb: TopicsVerb = {
  name: "list",
  operands: "",
  about: "show what the config file and etcd declare",
  options: [],
  parse(args) {
    const { values } = parseWords({ args, options: CONFIG_OPTIONS });
    if (values.help) return null;
    return { config: values.config ?? null, run: (config, io) => list(config, values.json, io) };
  },
};

/** If etcd cannot be read, still lists the config file's topics; the list is incomplete then, and the command fails. */
async function list(config: LoadedConfig, json: boolean, io: TopicsIo): Promise<number> {
  const print = (listing: TopicsListing) => io.out(json ? listingAsJson(listing) : formatListing(listing));
  try {
    print(await readListing(config, io));
    return ExitCode.done;
  } catch (error) {
    if (io.signal.aborted) throw error;
    print({ declarations: config.declarations, refusals: [] });
    if (!json) io.error("Note: the list shows only the config file, because etcd cannot be read:\n");
    throw error;
  }
}
