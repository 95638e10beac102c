import { describe, expect, test } from "bun:test";
import type { LetterAnswer } from "../../../../../../functions/read-dead-letter.ts";
import { PenstockError } from "../../../../../../lib/rules/base/errors.ts";
import { noLetterStates } from "../../../../../support/letter-states.ts";
import { problemOf, setUp, token } from "../../fixture.ts";

const listed = { ...noLetterStates, letters: [], pages: 1, truncated: false };
const group = "topic=app&index=logs&error=t";

function withLetters(answer: LetterAnswer = { kind: "none", reason: "holds no record" }, settings = {}) {
  const asked: unknown[] = [];
  const letters = {
    list: (...about: unknown[]) => {
      asked.push(about);
      return Promise.resolve(listed);
    },
    read: (...about: unknown[]) => {
      asked.push(about);
      return Promise.resolve(answer);
    },
  };
  return { ...setUp(settings, { letters }), asked };
}

describe("GET /dead-letters/letters", () => {
  test("lists a group, by state and page; without a field, those whose reason names none", async () => {
    const { ask, asked } = withLetters();
    expect(await (await ask(`/dead-letters/letters?${group}&field=n&state=open&page=3`)).json()).toEqual(
      listed,
    );
    await ask(`/dead-letters/letters?${group}`);
    const named = { topic: "app", index: "logs", error: "t" };
    expect(asked).toEqual([
      [{ ...named, field: "n" }, "open", 3],
      [{ ...named, field: null }, null, 1],
    ]);
  });

  test.each([
    ["topic=app&index=logs", "error is missing."],
    [`${group}&page=0`, 'page "0" must be a whole number from 1 to 40.'],
    [`${group}&page=x`, 'page "x" must be a whole number from 1 to 40.'],
    [`${group}&state=closed`, 'state "closed" must be open, resolved or unknown.'],
  ])("%s is refused", async (query, detail) => {
    const { ask, asked } = withLetters();
    const response = await ask(`/dead-letters/letters?${query}`);
    expect([response.status, (await problemOf(response))["detail"]]).toEqual([400, detail]);
    expect(asked).toEqual([]);
  });

  test("is 503 where Kafka does not answer", async () => {
    const failing = () => Promise.reject(new PenstockError("kafka_unavailable", "no answer"));
    const { ask } = setUp({}, { letters: { list: failing, read: failing } });
    for (const path of [`/dead-letters/letters?${group}`, "/dead-letters/letters/0/1"])
      expect((await ask(path)).status).toBe(503);
  });
});

describe("GET /dead-letters/letters/<partition>/<offset>", () => {
  test("is the letter at that place, or 404 with what is there", async () => {
    const { ask, asked } = withLetters();
    const missing = await ask("/dead-letters/letters/2/17");
    expect([missing.status, (await problemOf(missing))["detail"]]).toEqual([
      404,
      "Partition 2, offset 17 holds no record.",
    ]);
    expect(asked).toEqual([[2, 17]]);
  });

  test.each(["/dead-letters/letters/x/1", "/dead-letters/letters/0/-1", "/dead-letters/letters/0/1e3"])(
    "%s is 400",
    async (path) => {
      const { ask, asked } = withLetters();
      expect((await ask(path)).status).toBe(400);
      expect(asked).toEqual([]);
    },
  );

  test("wants a token", async () => {
    const { ask } = withLetters(undefined, { token });
    for (const path of [`/dead-letters/letters?${group}`, "/dead-letters/letters/0/1"])
      expect((await ask(path)).status).toBe(401);
  });
});
