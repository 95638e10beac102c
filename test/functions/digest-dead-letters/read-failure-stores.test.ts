import { expect, test } from "bun:test";
import { readFailureStores } from "../../../functions/digest-dead-letters/read-failure-stores.ts";
import { PenstockError } from "../../../lib/rules/base/errors.ts";
import type { FailureStores } from "../../../lib/rules/dead-letters/failure-stores.ts";
import { streamStore, withoutStores } from "../../support/failure-stores.ts";
import { specification } from "../../support/records.ts";
import { rejection } from "../../support/rejection.ts";

const specs = ["app", "web"].map((topic) => specification({ topic, index: `logs-${topic}` }));
const signal = new AbortController().signal;
const unavailable = new PenstockError("elasticsearch_unavailable", "no node answers");

function stores(changes: Partial<FailureStores> = {}) {
  const asked: string[][] = [];
  const port: FailureStores = {
    ...withoutStores,
    survey: async (targets) => {
      asked.push([...targets]);
      const streams = [
        streamStore("logs-app"),
        streamStore("logs-web", { readable: false }),
        streamStore("off", { enabled: false, indices: [] }),
        streamStore("empty", { indices: [] }),
      ];
      return { streams, problems: ["p"] };
    },
    ...changes,
  };
  return { asked, port };
}

test("lists the stores of the topics' streams, and says which cannot be read", async () => {
  const { asked, port } = stores();
  const found = await readFailureStores({ specs, topic: null }, port, signal);
  expect(found.stores.map(({ stream, topics }) => [stream, topics])).toEqual([
    ["logs-app", ["app"]],
    ["empty", []],
  ]);
  expect(found.problems).toEqual(["p", expect.stringContaining("read_failure_store is missing on logs-web")]);
  await readFailureStores({ specs, topic: "web" }, port, signal);
  expect(asked).toEqual([["logs-app", "logs-web"], ["logs-web"]]);
  expect(await readFailureStores({ specs, topic: "unknown" }, port, signal)).toEqual({
    stores: [],
    problems: [],
  });
});

test("what Elasticsearch does not answer is a problem, of one store or of all; other failures are thrown", async () => {
  const unread = stores({ contents: () => Promise.reject(unavailable) });
  const found = await readFailureStores({ specs, topic: null }, unread.port, signal);
  expect(found.stores.map(({ stream }) => stream)).toEqual(["empty"]);
  expect(found.problems).toContain("The failure store of logs-app could not be read: no node answers.");
  const silent = stores({ survey: () => Promise.reject(unavailable) });
  expect(await readFailureStores({ specs, topic: null }, silent.port, signal)).toEqual({
    stores: [],
    problems: ["The failure stores could not be looked at: no node answers."],
  });
  const stop = new Error("stop");
  const stopped = stores({ survey: () => Promise.reject(stop) });
  expect(await rejection(readFailureStores({ specs, topic: null }, stopped.port, signal))).toBe(stop);
});

test("of many stores, the first twenty are read", async () => {
  const streams = Array.from({ length: 22 }, (_, n) => streamStore(`s${n}`));
  const many = stores({ survey: async () => ({ streams, problems: [] }) });
  const found = await readFailureStores({ specs, topic: null }, many.port, signal);
  expect(found.stores).toHaveLength(20);
  expect(found.problems).toEqual(["2 further failure stores were not looked at."]);
});
