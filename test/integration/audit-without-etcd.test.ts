import { beforeAll, expect, test } from "bun:test";
import { runCommand } from "../support/command.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

const [named, covered] = [uniqueName("named"), uniqueName("covered")];
const servers = useStack();
beforeAll(() => servers.kafka.createTopic(named), 240_000);

/** Nobody listens at its etcd. */
const audit = (...args: string[]) =>
  runCommand(
    "audit",
    {
      ...servers.config,
      etcd: { endpoints: ["http://127.0.0.1:1"], keys: ["k"] },
      topics: [named, { pattern: `${covered}*` }],
    },
    args,
  );

test("a topic that the config file names is audited without etcd, and a note says so", async () => {
  expect(await audit(named)).toMatchObject({
    code: 0,
    error: expect.stringMatching(/^Note: only the config file counts, because etcd cannot be read: .*\n$/),
    out: expect.stringContaining(named),
  });
}, 240_000);

test.each([
  ["all topics", () => []],
  ["a topic that etcd may declare otherwise", () => [named, covered]],
  ["a repair, as etcd may give the path in documents", () => [named, "--repair"]],
])(
  "%s: not without etcd",
  async (_, args) => {
    expect(await audit(...args())).toMatchObject({
      code: 1,
      out: "",
      error: expect.stringContaining("etcd"),
    });
  },
  240_000,
);
