import { afterEach, describe, expect, test } from "bun:test";
import type { HostReport } from "../../../../functions/fleet/model.ts";
import { createPeerGate } from "../../../../infra/host/fleet/peer-gate.ts";
import { createPeers, type PeersDeps } from "../../../../infra/host/fleet/peers.ts";
import type { PeerAnswer, PeerRequest } from "../../../../lib/adapters/peers/ask-peer.ts";
import { createProofKeys } from "../../../../lib/adapters/peers/proof-keys.ts";
import type { RosterMember } from "../../../../lib/rules/group/roster.ts";
import { ANSWER_PROOF } from "../../../../lib/rules/secrets/peer-proof.ts";
import { eventually } from "../../../support/eventually.ts";
import { httpSettings, type PlainHttpSettings } from "../../../support/settings.ts";

const token = "correct-horse-battery-staple";
const address = "http://logs-2:8080";
const counts = { indexed: 1, duplicate: 0, deadLettered: 0, skipped: 0 };
const report: HostReport = { host: "two", rate: 1, lag: 2, counts, topics: [] };
const keyOf = createProofKeys();

function member(host: string, at: string): RosterMember {
  return {
    memberId: host,
    clientHost: "10.0.0.2",
    host,
    profile: { name: host, version: "0.2.0", address: at, startedAtMs: 0 },
    partitions: new Map(),
    counts: new Map(),
    source: { metadata: new Uint8Array(), assignment: new Uint8Array() },
  };
}

/** A host with these settings, as others reach it. */
function otherHost(settings: PlainHttpSettings, body = JSON.stringify(report)) {
  const gate = createPeerGate({ tokens: () => httpSettings(settings), address, keyOf, now: () => 0 });
  return async ({ path, headers }: PeerRequest): Promise<PeerAnswer> => {
    const peer = await gate.recognize(headers["authorization"] ?? "", path);
    if (peer === null) return { status: 401, headers: new Headers(), body: "" };
    return { status: 200, headers: new Headers({ [ANSWER_PROOF]: peer.prove(body) }), body };
  };
}

let nonces = 0;
let clockMs = 0;
afterEach(() => {
  clockMs = 0;
});

function peersWith(settings: PlainHttpSettings, ask: PeersDeps["ask"]) {
  const requests: PeerRequest[] = [];
  const peers = createPeers({
    settings: () => httpSettings(settings),
    ask(request) {
      requests.push(request);
      return ask(request);
    },
    keyOf,
    newNonce: () => `nonce-${String((nonces += 1)).padStart(20, "0")}`,
    now: () => 0,
    monotonicMs: () => clockMs,
  });
  return { peers, requests };
}

async function stateOf(settings: PlainHttpSettings, ask: PeersDeps["ask"], at = address) {
  const { peers, requests } = peersWith(settings, ask);
  await peers.look([member("two", at)]);
  return { state: peers.states.get("two"), requests };
}

describe("other hosts", () => {
  test("answer a host with the same token, which is not sent", async () => {
    const { state, requests } = await stateOf({ token }, otherHost({ token }));
    expect(state).toEqual({ kind: "answers", report });
    expect(JSON.stringify(requests)).not.toContain(token);
    expect(requests.map(({ address: to, path }) => to + path)).toEqual(["http://logs-2:8080/fleet/host"]);
  });

  test("answer to the read-only token, if one is set", async () => {
    const tokens = { token, readOnlyToken: "read-only-horse-battery" };
    expect((await stateOf(tokens, otherHost(tokens))).state?.kind).toBe("answers");
    expect((await stateOf({ token }, otherHost(tokens))).state?.kind).toBe("answers");
  });

  test("with another token are away, and the reason says so", async () => {
    const { state } = await stateOf({ token }, otherHost({ token: "another-horse-battery" }));
    expect(state).toMatchObject({
      kind: "away",
      reason: expect.stringContaining("need the same http.token"),
    });
  });

  test("cannot pass a proof on: it counts for one address only", async () => {
    const real = otherHost({ token });
    const { state } = await stateOf({ token }, (request) => real(request), "http://trap:8080");
    expect(state).toMatchObject({ kind: "away", reason: expect.stringContaining("does not accept") });
  });

  test("a stranger's answer without proof is not shown", async () => {
    const stranger = async (): Promise<PeerAnswer> => ({
      status: 200,
      headers: new Headers({ [ANSWER_PROOF]: "x".repeat(43) }),
      body: JSON.stringify(report),
    });
    const { state } = await stateOf({ token }, stranger);
    expect(state).toMatchObject({ kind: "away", reason: expect.stringContaining("does not prove") });
  });

  test.each([
    ["<html>", "its answer is not JSON"],
    ["{}", "its answer is not that of a host of this version"],
    [JSON.stringify({ ...report, host: "three" }), "another host answers at its address"],
  ])("that answer %p are away: %s", async (body, reason) => {
    expect((await stateOf({ token }, otherHost({ token }, body))).state).toMatchObject({
      kind: "away",
      reason,
    });
  });

  test("without a token are asked on loopback addresses only", async () => {
    const open = async (): Promise<PeerAnswer> => ({
      status: 200,
      headers: new Headers(),
      body: JSON.stringify(report),
    });
    const { state, requests } = await stateOf({}, open);
    expect(state).toMatchObject({
      kind: "away",
      reason: expect.stringContaining("on a loopback address only"),
    });
    expect(requests).toEqual([]);
    expect((await stateOf({}, open, "http://127.0.0.1:8081")).state?.kind).toBe("answers");
  });

  test("keep the time since when they are away, and are asked again after a while", async () => {
    const { peers, requests } = peersWith({ token }, () =>
      Promise.reject(new Error("nothing listens there")),
    );
    await peers.look([member("two", address)]);
    const before = peers.states.get("two");
    await peers.look([member("two", address)]);
    expect(requests).toHaveLength(1);
    clockMs = 5_000;
    await peers.look([member("two", address)]);
    expect(requests).toHaveLength(2);
    expect(peers.states.get("two")).toEqual(before ?? expect.unreachable());
    await peers.look([]);
    expect(peers.states.size).toBe(0);
  });
});

test("few hosts are asked at once, and those that answer do not wait for those that do not", async () => {
  const silent = Promise.withResolvers<PeerAnswer>();
  const good = otherHost({ token });
  const { peers, requests } = peersWith({ token }, (request) =>
    request.address === address ? good(request) : silent.promise,
  );
  await peers.look([member("two", address)]);
  clockMs = 5_000;
  const strangers = Array.from({ length: 20 }, (_, place) => member(`s${place}`, `http://s${place}:1`));
  const looking = peers.look([...strangers, member("two", address)]);
  await eventually(
    "the host that answers is asked again",
    () => requests.filter(({ address: to }) => to === address).length === 2,
  );
  await eventually("strangers are asked", () => requests.length >= 6);
  expect(requests).toHaveLength(6);
  // Those that left do not get their turn.
  await peers.look([member("two", address)]);
  silent.reject(new Error("nothing listens there"));
  await looking;
  expect(requests).toHaveLength(6);
});

test("a body is read only if the status is 200 and a proof may come with it", async () => {
  const { requests } = await stateOf({ token }, otherHost({ token }));
  const [request] = requests;
  const wanted = (status: number, proof: string | null) =>
    request?.isWanted({ status, headers: new Headers(proof === null ? {} : { [ANSWER_PROOF]: proof }) });
  expect(wanted(200, "x".repeat(43))).toBe(true);
  expect(wanted(500, "x".repeat(43))).toBe(false);
  expect(wanted(200, "x".repeat(42))).toBe(false);
  expect(wanted(200, null)).toBe(false);
});

describe("a proof", () => {
  const asked = async (atMs: number, nowMs: number) => {
    const headers: string[] = [];
    const peers = createPeers({
      settings: () => httpSettings({ token }),
      ask: async (request) => {
        headers.push(request.headers["authorization"] ?? "");
        return { status: 401, headers: new Headers(), body: "" };
      },
      keyOf,
      newNonce: () => "n".repeat(22),
      now: () => atMs,
      monotonicMs: () => 0,
    });
    await peers.look([member("two", address)]);
    const gate = createPeerGate({ tokens: () => httpSettings({ token }), address, keyOf, now: () => nowMs });
    return { gate, header: headers[0] ?? "" };
  };

  test("counts once, for its path", async () => {
    const { gate, header } = await asked(1_000_000, 1_000_000);
    expect(await gate.recognize(header, "/topics")).toBeNull();
    expect(await gate.recognize(header, "/fleet/host")).not.toBeNull();
    expect(await gate.recognize(header, "/fleet/host")).toBeNull();
  });

  test("counts for a minute", async () => {
    const late = await asked(1_000_000, 1_060_001);
    expect(await late.gate.recognize(late.header, "/fleet/host")).toBeNull();
    const early = await asked(1_000_000, 939_999);
    expect(await early.gate.recognize(early.header, "/fleet/host")).toBeNull();
  });
});
