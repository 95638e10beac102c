import { PenstockError } from "../../../../lib/rules/base/errors.ts";
import { CONFIG_OPTIONS, parseWords } from "../../kit/arguments.ts";
import { ExitCode } from "../../kit/exit-code.ts";
import { orFromFile, readListing } from "../declared-topics.ts";
import { writeKibanaObjects } from "../kibana.ts";
import type { TopicsVerb } from "../verb.ts";

export const kibanaVerb: TopicsVerb = {
  name: "kibana",
  operands: "",
  about: "write data views and searches for the declared topics, for Kibana to import (NDJSON)",
  options: [["--out FILE", "default: standard output"]],
  parse(args) {
    const { values } = parseWords({ args, options: { out: { type: "string" }, ...CONFIG_OPTIONS } });
    const { out = null, json, help, config = null } = values;
    if (help) return null;
    if (out === "") throw new PenstockError("usage", "--out needs a file name");
    return {
      config,
      async run(loaded, io) {
        const { listing, missing } = await orFromFile(readListing(loaded, io), loaded, io.signal);
        // A file of before may know topics of etcd, and stays.
        if (missing !== null && out !== null) throw missing;
        await writeKibanaObjects(listing, loaded.settings.deadLetters.topic, { out, json }, io);
        if (missing !== null) {
          io.error("Note: only the config file's topics are in it, because etcd cannot be read:\n");
          throw missing;
        }
        return ExitCode.done;
      },
    };
  },
};
