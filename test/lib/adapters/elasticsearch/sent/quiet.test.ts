import { describe, expect, test } from "bun:test";
import { untilQuiet } from "../../../../../lib/adapters/elasticsearch/sent/quiet.ts";
import { errorOf } from "../../../../../lib/adapters/elasticsearch/transport/version.ts";
import { rejection } from "../../../../support/rejection.ts";

const { signal } = new AbortController();

/** An Elasticsearch that executes these bulks, by their ids, at each look in turn; each writes to `logs`. */
function executing(...looks: readonly (readonly string[] | Error)[]) {
  const left = [...looks];
  return {
    left,
    ask(): Promise<unknown> {
      const now = left.shift() ?? [];
      if (now instanceof Error) return Promise.reject(now);
      const tasks = now.map((id) => [id, { description: "requests[1], indices[logs, other]" }]);
      return Promise.resolve({ nodes: { n: { tasks: Object.fromEntries(tasks) } } });
    },
  };
}

describe("until a target is quiet", () => {
  test("the bulks of the first look are waited for, later ones are not", async () => {
    const server = executing(["a", "b"], ["b", "c"], ["c", "d"], ["d"]);
    await untilQuiet(server, ["logs"], signal);
    expect(server.left).toEqual([["d"]]);
  });

  test("bulks to other names do not count", async () => {
    const server = executing(["a"], ["a"]);
    await untilQuiet(server, ["app"], signal);
    expect(server.left).toEqual([["a"]]);
  });

  test("who may not list them goes on; an answer that is no list is an error", async () => {
    const forbidden = errorOf({ kind: "response", status: 403, error: null });
    await untilQuiet(executing(forbidden), ["logs"], signal);
    const cut = errorOf({ kind: "bad_answer", message: "cut off" });
    expect(await rejection(untilQuiet(executing(cut), ["logs"], signal))).toBe(cut);
  });
});
