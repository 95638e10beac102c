import { expect, test } from "bun:test";
import { inTurn } from "../../../infra/bench/trials/scene.ts";

test("contenders take turns, each round starts with another one, and the warm-up does not count", async () => {
  const ran: string[] = [];
  const contender = (who: string) => ({ who, run: async () => ran.push(who) });
  const contenders = ["a", "b", "c"].map(contender);
  const results = await inTurn("", contenders, { rounds: 2, progress: () => {} });
  expect(ran.join("")).toBe("abcbcacab");
  expect([...results]).toEqual([
    ["a", [6, 8]],
    ["b", [4, 9]],
    ["c", [5, 7]],
  ]);
});
