import { expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import { KafkaJSConnectionError } from "kafkajs";
import { createLoginGate } from "../../../../../lib/adapters/kafka/client/login-gate.ts";
import type { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { bearerToken } from "../../../../../lib/rules/secrets/bearer-token.ts";
import { Secret } from "../../../../../lib/rules/secrets/secret.ts";
import { rejection } from "../../../../support/rejection.ts";

const to = (password = "secret") => ({
  brokers: ["k:1"],
  sasl: { mechanism: "scram-sha-512", username: "penstock", password: new Secret(password) } as const,
  token: null,
});
const first = { broker: "k:1", again: false };

/** A broker that accepts, refuses, or stops answering. */
function setUp() {
  const world = { now: 0, answer: "no" as "yes" | "no" | "gone", logins: 0 };
  const gate = createLoginGate(
    () => world.now,
    () => 1,
  );
  const login = async (): Promise<void> => {
    world.logins += 1;
    await Promise.resolve();
    if (world.answer === "gone") throw new KafkaJSConnectionError("Closed connection");
    if (world.answer === "no")
      throw new Error("SASL SCRAM SHA512 authentication failed: invalid credentials");
  };
  const admit = (password?: string, at = first): Promise<void> => gate.admit(to(password), at, login);
  return {
    world,
    gate,
    login,
    admit,
    refusal: async () => (await rejection(admit())) as PenstockError & { retriable: boolean },
  };
}

test("a refused login is not retried for a growing time, and the error does not contain the password", async () => {
  const { world, refusal } = setUp();
  const said = await refusal();
  expect(said).toMatchObject({ code: "kafka_refused", retryable: false, retriable: false });
  expect(said.message).toBe(
    "Kafka at k:1 refused the login (SCRAM-SHA-512) of user penstock: invalid credentials; not tried again before 1970-01-01T00:00:04.000Z",
  );
  const tries: number[] = [];
  for (; world.now < 180_000; world.now += 500) {
    const before = world.logins;
    await refusal();
    if (world.logins > before) tries.push(world.now / 1000);
  }
  expect(tries).toEqual([4, 12, 28, 60, 120]);
});

test("a thousand logins at once make eight tries, and one after the pause", async () => {
  const { world, admit } = setUp();
  const burst = () => Promise.allSettled(Array.from({ length: 1_000 }, () => admit()));
  expect((await burst()).every(({ status }) => status === "rejected")).toBe(true);
  expect(world.logins).toBe(8);
  world.now = 4_000;
  await burst();
  expect(world.logins).toBe(9);
  world.now = 12_000;
  world.answer = "yes";
  expect((await burst()).every(({ status }) => status === "fulfilled")).toBe(true);
});

test("another password is tried at once", async () => {
  const { world, admit, refusal } = setUp();
  await refusal();
  world.answer = "yes";
  await admit("another");
  expect(world.logins).toBe(2);
});

test.each([
  ["of a file, the next token is tried at once", { tokenFile: "/t" }, "with the token in /t", 2],
  [
    "from an endpoint, the next token has to wait: the same client was refused",
    {
      tokenEndpoint: "http://e",
      clientId: "c",
      clientSecret: new Secret("s"),
      scope: null,
      ca: null,
      proxy: null,
    },
    "of client c with a token from http://e",
    1,
  ],
])("%s", async (_, from, says, logins) => {
  const { world, gate, login } = setUp();
  const admit = (token: string): Promise<unknown> => {
    const sasl = { mechanism: "oauthbearer", extensions: {}, ...from } as const;
    return rejection(
      gate.admit({ brokers: ["k:1"], sasl, token: bearerToken(token, 0, null) }, first, login),
    );
  };
  const refused = `Kafka at k:1 refused the login (OAUTHBEARER) ${says}: `;
  for (const token of ["old", "old", "new"]) expect(String(await admit(token))).toContain(refused);
  expect(world.logins).toBe(logins);
  // Consecutive refusals lengthen the pause, whichever token was refused.
  world.now = 4_000;
  await admit("new");
  expect(world.logins).toBe(2);
});

test("a refusing broker does not end sessions on others, whose logins do not allow a retry on it", async () => {
  const { world, admit, refusal } = setUp();
  await refusal();
  world.answer = "yes";
  await admit(undefined, { broker: "k:2", again: true });
  expect(world.logins).toBe(2);
  expect((await refusal()).message).toContain("Kafka at k:1 refused");
  expect(await rejection(admit(undefined, { broker: "k:1", again: true }))).toMatchObject({
    message: expect.stringContaining("refused"),
  });
  expect(world.logins).toBe(2);
});

test("a connection lost during a login is no refusal", async () => {
  const { world, admit } = setUp();
  world.answer = "gone";
  expect(await rejection(admit())).toBeInstanceOf(KafkaJSConnectionError);
  world.answer = "yes";
  await admit();
  expect(world.logins).toBe(2);
});

test("a renewal that comes too soon after another is no refusal, and on a new connection the port takes no logins", async () => {
  const { world, gate } = setUp();
  const early = Object.assign(new Error("not valid given the current SASL state"), {
    type: "ILLEGAL_SASL_STATE",
  });
  const admit = (again: boolean): Promise<unknown> =>
    rejection(gate.admit(to(), { broker: "k:1", again }, () => Promise.reject(early)));
  expect(await admit(true)).toBe(early);
  world.answer = "yes";
  await gate.admit(to(), first, async () => {});
  expect(String(await admit(false))).toContain("Kafka at k:1 does not accept logins on this port");
});

test("a session renewal waits for no other login, and fails at a refusing broker", async () => {
  const { world, admit, refusal } = setUp();
  await refusal();
  expect(await rejection(admit(undefined, { broker: "k:1", again: true }))).toMatchObject({
    code: "kafka_refused",
  });
  expect(world.logins).toBe(1);
});

test("after a refusal one login at a time is tried, even if another arrives meanwhile", async () => {
  const gate = createLoginGate(
    () => now,
    () => 1,
  );
  let now = 0;
  const logins: PromiseWithResolvers<void>[] = [];
  const admit = (): Promise<unknown> =>
    rejection(
      gate.admit(to(), first, () => {
        const login = Promise.withResolvers<void>();
        logins.push(login);
        return login.promise;
      }),
    );
  const end = async (login: number, error: Error): Promise<void> => {
    logins[login]?.reject(error);
    await setImmediate();
  };
  const asked = [admit()];
  await setImmediate();
  await end(0, new Error("invalid credentials"));
  now = 4_000;
  asked.push(admit(), admit());
  await setImmediate();
  await end(1, new KafkaJSConnectionError("Closed connection"));
  asked.push(admit());
  await setImmediate();
  expect(logins).toHaveLength(3);
  await end(2, new Error("invalid credentials"));
  await Promise.all(asked);
  expect(logins).toHaveLength(3);
});
