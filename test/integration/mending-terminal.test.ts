import { expect, test } from "bun:test";
import type { MendedGroups } from "../../infra/cli/replay/mending.ts";
import { outputOf, withConfigFile } from "../support/command.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { unforgiving } from "../support/refused.ts";
import { useStack } from "../support/stack-clients.ts";

const servers = useStack();

test("replay --propose and --try change nothing, and what they print brings in one group of two", async () => {
  const { kafka, elasticsearch } = servers;
  const topic = uniqueName("terminal");
  const dead = uniqueName("dead");
  const config = { ...servers.config, deadLetters: { topic: dead }, topics: [{ topic, ...unforgiving }] };
  await kafka.createTopic(topic);
  const long = { type: "long", ignore_malformed: false };
  const properties = { n: long, "it's m": long, "kafka.topic": { type: "keyword" } };
  await elasticsearch.demand("PUT", `/${topic}`, { mappings: { properties } });
  const values = [{ n: 1 }, { n: 2 }, { n: 3 }, { n: "a" }, { n: "b" }, { "it's m": "c" }];
  await kafka.produce(
    topic,
    values.map((value) => ({ value: JSON.stringify(value) })),
  );
  {
    await using host = await startTestHost(config);
    await host.untilCaughtUp(topic);
  }
  const index = () => elasticsearch.demand("GET", `/${topic}`);
  const before = await index();

  await withConfigFile(config, async (file) => {
    const replay = (...args: string[]) =>
      outputOf(["bun", "run", "replay", ...args, "--topic", topic, "--config", file]);

    const proposed = await replay("--propose", "--json");
    expect(proposed).toMatchObject({ code: 0, error: "" });
    const { groups } = JSON.parse(proposed.out) as MendedGroups;
    expect(groups).toMatchObject([
      { group: { field: "n", count: 2 }, mending: { mapping: { type: "long" }, letters: 2 } },
      { group: { field: "it's m", count: 1 }, mending: { mapping: { type: "long" }, letters: 1 } },
    ]);

    const tried = await replay("--try", "--refused-by", topic, "--field", "it's m");
    expect(tried).toMatchObject({ code: 0, error: "" });
    expect(tried.out).toContain("letters: 0 of 1 accepted, 1 refused\n");
    // Scratch indices that are left behind would be in a note.
    expect(tried.out).not.toContain("note: ");
    expect(await index()).toEqual(before);
    expect(await elasticsearch.count(topic)).toBe(3);

    const best = tried.out.slice(tried.out.indexOf("(smallest that takes all)"));
    const [, method = "", path = "", body = ""] = /request: (\S+) (\S+) (.*)/.exec(best) ?? [];
    const [, command = ""] = /then: (.*)/.exec(best) ?? [];
    await elasticsearch.demand(method, path, JSON.parse(body));
    expect(await outputOf(["sh", "-c", command])).toEqual({
      code: 0,
      error: "",
      out: `Read 3 records of topic ${dead}:
        2  excluded by --topic, --error, --since or --refused-by
        1  indexed
`,
    });
    await elasticsearch.demand("POST", `/${topic}/_refresh`);
    const { out } = await replay("--propose");
    expect(out).toContain("field n: document_parsing_exception\n");
    expect(out).not.toContain("it's m: document_parsing_exception");
  });
}, 960_000);
