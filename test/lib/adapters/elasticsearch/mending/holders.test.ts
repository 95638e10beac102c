import { expect, test } from "bun:test";
import type { Question } from "../../../../../lib/adapters/elasticsearch/client.ts";
import { findHolders } from "../../../../../lib/adapters/elasticsearch/mending/holders.ts";

const { signal } = new AbortController();

function server(hits: readonly { readonly _id: string; readonly _index: string }[]) {
  const asked: Question[] = [];
  return {
    asked,
    ask(question: Question): Promise<unknown> {
      asked.push(question);
      return Promise.resolve(hits.length === 0 ? {} : { hits: { hits } });
    },
  };
}

test("says which index has which document; an answer without hits means none", async () => {
  const found = await findHolders(server([{ _id: "a", _index: "logs-1" }]), ["logs"], ["a", "b"], signal);
  expect(found).toEqual({ holders: new Map([["a", "logs-1"]]), problems: [] });
  expect((await findHolders(server([]), null, ["a"], signal)).holders.size).toBe(0);
});
