import { expect, test } from "bun:test";
import { createPeerGate } from "../../../../../../infra/host/fleet/peer-gate.ts";
import { createProofKeys } from "../../../../../../lib/adapters/peers/proof-keys.ts";
import { Secret } from "../../../../../../lib/rules/secrets/secret.ts";
import { maxTails } from "../../../../../../infra/host/services/tail-hub.ts";
import { ANSWER_PROOF, isAnswerProved, proofHeader } from "../../../../../../lib/rules/secrets/peer-proof.ts";
import { bearer, idleTails, problemOf, setUp, token } from "../../fixture.ts";
import { topicStatus } from "../../../../../support/topic-status.ts";
import { httpSettings } from "../../../../../support/settings.ts";

/** Of a host that has this topic. */
const logsOf = (topic: string) => ({
  inForce: () => new Map([[topic, topicStatus({ topic }).spec]]),
  managed: () => true,
  rebuilt: () => null,
  searchText: async () => null,
  fieldCaps: async () => null,
  surveyFailureStores: async () => ({ streams: [], problems: [] }),
  newMarker: () => "marker",
  tails: idleTails(),
  fleetTails: idleTails(),
});
const keyOf = createProofKeys();
const address = "http://127.0.0.1:8080";
const peers = createPeerGate({ tokens: () => httpSettings({ token }), address, keyOf, now: () => 0 });
const nonce = (text: string) => text.padStart(22, "n");

async function proofFor(path: string, once: string, secret = token): Promise<{ authorization: string }> {
  const proof = { audience: address, path, atMs: 0, nonce: nonce(once) };
  return { authorization: proofHeader(await keyOf(new Secret(secret)), proof) };
}

test("another host is answered with a proof of the answer", async () => {
  const { ask } = setUp({ token }, { peers });
  const answer = await ask("/fleet/host", { headers: await proofFor("/fleet/host", "one") });
  expect(answer.status).toBe(200);
  const key = await keyOf(new Secret(token));
  expect(isAnswerProved(key, nonce("one"), await answer.text(), answer.headers.get(ANSWER_PROOF) ?? "")).toBe(
    true,
  );
});

test("its proof opens nothing else", async () => {
  const { ask } = setUp({ token }, { peers });
  for (const path of ["/fleet", "/topics", "/logs", "/metrics", "/openapi.json"])
    expect((await ask(path, { headers: await proofFor(path, path.slice(1, 3)) })).status).toBe(401);
});

test("the events of a tail for another host are proved one by one", async () => {
  const { ask } = setUp({ token }, { peers, logs: logsOf("app") });
  const path = "/fleet/tail?topic=app";
  const answer = await ask(path, { headers: await proofFor(path, "tail") });
  expect(answer.status).toBe(200);
  const reader = answer.body?.getReader();
  let text = "";
  while (!text.includes("event: proved")) text += new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  const { body, proof } = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? "") as {
    body: string;
    proof: string;
  };
  expect(JSON.parse(body)).toMatchObject({ number: 0, event: "hello" });
  expect(isAnswerProved(await keyOf(new Secret(token)), nonce("tail"), body, proof)).toBe(true);
  const other = await proofFor("/fleet/host", "other");
  expect((await ask(path, { headers: other })).status).toBe(401);
});

test("readers of one host's part never take the places of hosts", async () => {
  const readOnlyToken = "read-only-horse-battery";
  const { ask } = setUp({ token, readOnlyToken }, { peers, logs: logsOf("app") });
  const path = "/fleet/tail?topic=app";
  const asked = Array.from({ length: 4 * maxTails }, () => ask(path, { headers: bearer(readOnlyToken) }));
  const answers = await Promise.all(asked);
  const host = await ask(path, { headers: await proofFor(path, "host") });
  expect(host.status).toBe(200);
  expect(answers.at(-1)?.status).toBe(429);
  await Promise.all([...answers, host].map(async ({ body }) => body?.cancel()));
});

test("without a token, hosts cannot prove who they are, so all places of hosts go to whoever asks", async () => {
  const { ask } = setUp({}, { peers, logs: logsOf("app") });
  const path = "/fleet/tail?topic=app";
  const answers = await Promise.all(Array.from({ length: 4 * maxTails }, () => ask(path)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  await Bun.sleep(5);
  expect((await ask(path)).status).toBe(429);
  await Promise.all(answers.map(async ({ body }) => body?.cancel()));
});

test("one host never takes the places of the others, nor of people; who has them is told", async () => {
  const { app, ask } = setUp({ token }, { peers, logs: logsOf("app") });
  const path = "/fleet/tail?topic=app";
  const from = async (clientAddress: string, once: string) =>
    app.request(
      path,
      { headers: { host: "127.0.0.1:8080", ...(await proofFor(path, once)) } },
      { clientAddress: () => clientAddress },
    );
  const asked = Array.from({ length: maxTails + 1 }, (_, n) => from("10.0.0.1", `n${n}`));
  const answers = await Promise.all(asked);
  const refused = answers.find(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(maxTails);
  expect(refused && (await problemOf(refused))["detail"]).toBe(
    `Too many live tails of other hosts at once on this host (${maxTails} of 10.0.0.1). Try again in a moment.`,
  );
  const [other, person] = [await from("10.0.0.2", "other"), await ask(path, { headers: bearer(token) })];
  expect([other.status, person.status]).toEqual([200, 200]);
  const open = [...answers.filter(({ status }) => status === 200), other, person];
  await Promise.all(open.map(async ({ body }) => body?.cancel()));
});

test("a replaced token ends what its proof had opened", async () => {
  const tokens = { now: token };
  const gate = createPeerGate({
    tokens: () => httpSettings({ token: tokens.now }),
    address,
    keyOf,
    now: () => 0,
  });
  const { authorization } = await proofFor("/fleet/host", "kept");
  const peer = await gate.recognize(authorization, "/fleet/host");
  expect(peer?.isCurrent()).toBe(true);
  tokens.now = "another-horse-battery";
  expect(peer?.isCurrent()).toBe(false);
});

test("a wrong proof counts as a wrong token", async () => {
  const { ask, logged } = setUp({ token }, { peers });
  const headers = await proofFor("/fleet/host", "two", "another-horse-battery");
  const answer = await ask("/fleet/host", { headers });
  expect(answer.status).toBe(401);
  expect((await problemOf(answer))["detail"]).toBe("That token was not accepted.");
  expect(logged.map(({ message }) => message)).toContain("a wrong access token was sent");
});

test("a token reads it too; without one it is closed", async () => {
  const { ask } = setUp({ token }, { peers });
  expect((await ask("/fleet/host")).status).toBe(401);
  expect((await ask("/fleet/host", { headers: bearer(token) })).status).toBe(200);
});

test("the filter and the bound of topics are checked", async () => {
  const asked: unknown[] = [];
  const result = {
    group: "g",
    problem: null,
    hosts: [],
    topics: [],
    topicCount: 0,
    totals: { rate: 0, lag: null, counts: { indexed: 0, duplicate: 0, deadLettered: 0, skipped: 0 } },
  };
  const fleet = {
    report: () => "{}",
    look: async (wanted: unknown) => {
      asked.push(wanted);
      return result;
    },
  };
  const { ask } = setUp({}, { fleet });
  expect(await (await ask("/fleet?topic=a&limit=5")).json()).toEqual(result);
  await ask("/fleet");
  expect(asked).toEqual([
    { topic: "a", limit: 5 },
    { topic: "", limit: 100_000 },
  ]);
  expect((await problemOf(await ask("/fleet?limit=x")))["detail"]).toContain(
    'limit "x" must be a whole number',
  );
});
