import { expect, test } from "bun:test";
import { main as audit } from "../../../infra/cli/audit.ts";
import { main as explain } from "../../../infra/cli/explain.ts";
import { main as replay } from "../../../infra/cli/replay.ts";
import { main as topics } from "../../../infra/cli/topics.ts";
import { runHere } from "../../support/command-here.ts";

const nobody = "127.0.0.1:1";
const commands = { audit, explain, replay, topics };
type Call = readonly [keyof typeof commands, ...string[]];

/** No server listens anywhere, so a command that can do without etcd ends at the next one. */
const called = ([name, ...args]: Call) =>
  runHere(
    commands[name],
    {
      http: { port: 1 },
      kafka: { brokers: [nobody] },
      elasticsearch: { nodes: [`http://${nobody}`] },
      etcd: { endpoints: [`http://${nobody}`], keys: ["k"] },
      topics: ["named", { pattern: "cov*" }],
    },
    args,
  );

const note = /^Note: only the config file counts, because etcd cannot be read: .*\n/;

test.each<readonly [Call]>([
  [["audit", "named"]],
  [["audit", "named", "--remove-doubles"]],
  [["explain", "named"]],
  [["replay", "--topic", "named", "--dry-run"]],
  [["replay", "--topic", "named", "--digest"]],
  [["topics", "hold", "named"]],
  [["topics", "release", "named"]],
  [["topics", "rewind", "named", "--to", "earliest"]],
  [["topics", "rebuild", "named"]],
  [["topics", "rebuild", "named", "--swap"]],
  [["topics", "try", "named"]],
])(
  "%j: for a topic that the config file names, and a note says so",
  async (call) => {
    const { error, out } = await called(call);
    expect(error).toMatch(note);
    expect(`${error.replace(note, "")}${out}`).toContain(nobody);
    expect(error.replace(note, "")).not.toContain("etcd");
  },
  60_000,
);

test.each<readonly [string, Call]>([
  ["a topic that etcd may declare otherwise", ["audit", "covered"]],
  ["one of them", ["topics", "hold", "named", "covered"]],
  ["the same", ["topics", "rewind", "covered", "--to", "earliest"]],
  ["the same", ["topics", "rebuild", "covered"]],
  ["the same", ["topics", "try", "covered"]],
  ["the same", ["explain", "covered"]],
  ["the same", ["replay", "--topic", "covered", "--digest"]],
  ["all topics", ["audit"]],
  ["all topics", ["replay", "--digest"]],
  ["documents, whose path etcd may give", ["audit", "named", "--repair"]],
  ["documents, whose path etcd may give", ["replay", "--topic", "named"]],
  ["an index that a topic of etcd may have", ["topics", "rebuild", "named", "--index", "new"]],
  ["an index that a topic of etcd may have", ["replay", "--topic", "named", "--propose"]],
  ["an index that a topic of etcd may have", ["replay", "--topic", "named", "--try"]],
])(
  "not for %s: %j",
  async (_, call) => {
    const { code, error, out } = await called(call);
    expect({ code, error, out }).toEqual({
      code: 1,
      out: "",
      error: expect.stringMatching(/^etcd at http:\/\/127\.0\.0\.1:1 is not available: .*\n$/),
    });
  },
  60_000,
);
