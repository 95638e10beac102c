import { afterEach, beforeEach, expect, jest, test } from "bun:test";
import { createTokenSource } from "../../../../../lib/adapters/kafka/tokens/token-source.ts";
import type { TokenEndpointSasl } from "../../../../../lib/rules/model/settings.ts";
import { bearerToken, type BearerToken } from "../../../../../lib/rules/secrets/bearer-token.ts";
import { Secret } from "../../../../../lib/rules/secrets/secret.ts";
import { advance, fakeTimeouts } from "../../../../support/fake-time.ts";
import { rejection } from "../../../../support/rejection.ts";

beforeEach(() => jest.useFakeTimers({ now: 0 }));
afterEach(() => jest.useRealTimers());

const login = (clientId = "penstock"): TokenEndpointSasl => ({
  mechanism: "oauthbearer",
  tokenEndpoint: "http://e/token",
  clientId,
  clientSecret: new Secret("s"),
  scope: null,
  extensions: {},
  ca: null,
  proxy: null,
});

/** An endpoint whose tokens live for 10 s, numbered; it answers, fails or is silent. */
function setUp() {
  const world = { asked: 0, answer: "yes" as "yes" | "no" | "silent" };
  const source = createTokenSource(
    () => Date.now(),
    () => 1,
    async (_, nowMs): Promise<BearerToken> => {
      world.asked += 1;
      await Promise.resolve();
      if (world.answer === "silent") await new Promise(() => {});
      if (world.answer === "no") throw new Error("the endpoint is away");
      return bearerToken(`token-${world.asked}`, nowMs, 10_000);
    },
  );
  const current = async (sasl = login()) => (await source.current(sasl)).value.reveal();
  const refusal = async () => ((await rejection(source.current(login()))) as Error).message;
  return { world, source, current, refusal };
}

/** Lets timers and what follows from them happen. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 250) {
    jest.advanceTimersByTime(250);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  }
}

test("all connections with the same login share one token, also while it is on its way; another login has its own", async () => {
  const { world, current } = setUp();
  expect(await Promise.all([current(), current(), current()])).toEqual(["token-1", "token-1", "token-1"]);
  expect(await current(login("other"))).toBe("token-2");
  expect(world.asked).toBe(2);
});

test("a token that is used is renewed ahead of need, and one that nobody uses is not", async () => {
  const { world, current } = setUp();
  await current();
  await pass(6_000);
  expect(world.asked).toBe(2);
  expect(await current()).toBe("token-2");
  await pass(6_000);
  expect(world.asked).toBe(3);
  await pass(60_000);
  expect(world.asked).toBe(3);
});

test("an endpoint that is away is asked less and less often, and matters only once the token has expired", async () => {
  const { world, current, refusal } = setUp();
  await current();
  world.answer = "no";
  await pass(6_000);
  expect(await current()).toBe("token-1");
  await pass(3_500);
  // After 6, 7 and 9 s.
  expect(world.asked).toBe(4);
  expect(await current()).toBe("token-1");
  await pass(1_000);
  expect(await refusal()).toBe("the endpoint is away; not tried again before 1970-01-01T00:00:13.000Z");
  world.answer = "yes";
  expect(await refusal()).toContain("not tried again before");
  await pass(2_500);
  expect(await current()).toBe("token-5");
});

test("a silent endpoint is asked once, and waited for no longer than 3 s", async () => {
  const { world, refusal } = setUp();
  using _ = fakeTimeouts();
  world.answer = "silent";
  const says =
    "there is no token for the login at Kafka: the token endpoint http://e/token has not answered for 3 s";
  const ended: string[] = [];
  for (const _ of [1, 2]) void refusal().then((text) => ended.push(text));
  await advance(2_950);
  expect(ended).toEqual([]);
  await advance(50);
  expect(ended).toEqual([says, says]);
  expect(world.asked).toBe(1);
});

test("a token that the broker refused is not used again", async () => {
  const { source, current } = setUp();
  const token = await source.current(login());
  source.forget(login(), token);
  expect(await current()).toBe("token-2");
  // It is the old one that was refused.
  source.forget(login(), token);
  expect(await current()).toBe("token-2");
});

test("a refusal is not repeated by kafkajs", async () => {
  const { world, source } = setUp();
  world.answer = "no";
  const error = await rejection(source.current(login()));
  expect(error).toMatchObject({ code: "kafka_refused", retriable: false, message: "the endpoint is away" });
});
