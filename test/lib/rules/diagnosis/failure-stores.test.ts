import { expect, test } from "bun:test";
import { noFailures } from "../../../../lib/rules/dead-letters/failure-stores.ts";
import { judgeFailureStores } from "../../../../lib/rules/diagnosis/failure-stores.ts";
import { streamStore } from "../../../support/failure-stores.ts";

const held = { ours: { ...noFailures, documents: 3, records: 1 }, others: noFailures };

test("streams with and without a failure store are told, with what lies there", () => {
  const checks = judgeFailureStores({
    streams: [
      streamStore("off", { enabled: false, indices: [] }),
      streamStore("empty", { indices: [] }),
      streamStore("full"),
      streamStore("once", { enabled: false }),
      streamStore("beyond"),
    ],
    contents: new Map([
      ["full", held],
      ["once", { ...held, others: { ...noFailures, documents: 1 } }],
    ]),
    problems: [],
    unread: new Map(),
  });
  expect(checks.map(({ name, state, seen }) => [name, state, seen])).toEqual([
    ["failure stores", "ok", "none for off: what is refused becomes dead letters only"],
    ["failure store of empty", "ok", "it is on; nothing lies there"],
    ["failure store of full", "ok", "it is on; 3 documents of 1 record lie there (penstock replay --digest)"],
    [
      "failure store of once",
      "ok",
      "it is off by now; 3 documents of 1 record and 1 document of other programs lie there (penstock replay --digest)",
    ],
    ["failure store of beyond", "ok", "it is on; what lies there was not looked at"],
  ]);
});

test("missing privileges are named with their remedies", () => {
  const checks = judgeFailureStores({
    streams: [
      streamStore("unread", { readable: false }),
      streamStore("kept", { clearable: false }),
      streamStore("kept-empty", { clearable: false }),
      streamStore("unknown", { enabled: null, indices: [] }),
      streamStore("silent"),
    ],
    contents: new Map([["kept", held]]),
    problems: ["Whether unknown have failure stores is not known."],
    unread: new Map([["silent", "no shard answers"]]),
  });
  expect(checks.filter(({ state }) => state === "warning").map(({ name, remedy }) => [name, remedy])).toEqual(
    [
      ["failure store of unread", "grant read_failure_store on unread to the user of elasticsearch.auth"],
      ["failure store of kept", "grant delete on .fs-kept-* to the user of elasticsearch.auth"],
      ["failure store of silent", "look at its shards: GET _cat/shards/.fs-silent-*?v"],
      ["failure stores", "grant the privilege to the user of elasticsearch.auth"],
    ],
  );
});

test("without data streams there is nothing to say", () => {
  expect(judgeFailureStores({ streams: [], problems: [], contents: new Map(), unread: new Map() })).toEqual(
    [],
  );
});
