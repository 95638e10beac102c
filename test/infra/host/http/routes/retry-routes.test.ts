import { expect, test } from "bun:test";
import { bearer, problemOf, setUp, token } from "../fixture.ts";

const retry = { method: "POST" } as const;

test("a topic is tried at once; one that nobody declares is not there", async () => {
  const tried: string[] = [];
  const { ask } = setUp(
    {},
    {
      async retry(topic) {
        tried.push(topic);
        return topic === "app";
      },
    },
  );
  const answer = await ask("/topics/app/retry", retry);
  expect([answer.status, await answer.json()]).toEqual([200, { topic: "app" }]);
  const unknown = await ask("/topics/other/retry", retry);
  expect([unknown.status, (await problemOf(unknown)).detail]).toEqual([
    404,
    'No source declares the topic "other".',
  ]);
  expect(tried).toEqual(["app", "other"]);
});

test("the read-only token may not try anything", async () => {
  const { ask } = setUp({ token, readOnlyToken: "only-to-look-at-things" });
  const headers = bearer("only-to-look-at-things");
  expect((await ask("/topics/app/retry", { ...retry, headers })).status).toBe(403);
  expect((await ask("/topics/app/retry", { ...retry, headers: bearer(token) })).status).toBe(200);
});
