import { expect, test } from "bun:test";
import { seededRandom } from "../../../../infra/bench/kit/random.ts";
import { createPlaceNotes } from "../../../../infra/host/inlet/place-notes.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import { createVirtualTime } from "../../../simulation/virtual-time.ts";

test("the places of topics that are assigned together are committed together, and each learns what was refused", () => {
  const time = createVirtualTime(seededRandom(1));
  const [one, other, later] = ["a", "b", "c"].map((topic) => new Tenure(topic, 0));
  const commits: string[][] = [];
  const notes = createPlaceNotes(
    async (entries) => {
      commits.push(entries.map(({ tenure: { topic }, place }) => `${topic} to ${place}`));
      return new Map(
        entries.flatMap(({ tenure }) => (tenure === other ? [[tenure, "REFUSED"] as const] : [])),
      );
    },
    time,
    new AbortController().signal,
  );
  const write = (tenure: Tenure | undefined, place: string) =>
    notes.write(tenure === undefined ? [] : [{ tenure, offset: 0, last: null, place }]);
  const together = time.settle(Promise.all([write(one, "x"), write(other, "y")]), 100);
  expect(commits).toEqual([["a to x", "b to y"]]);
  for (const refused of together) expect([...refused.values()]).toEqual(["REFUSED"]);
  expect(time.settle(write(later, "z"), 200).size).toBe(0);
  expect(commits).toHaveLength(2);
});
