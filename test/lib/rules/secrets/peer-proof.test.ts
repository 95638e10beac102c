import { expect, test } from "bun:test";
import {
  answerMac,
  isAnswerProved,
  isProvedBy,
  proofHeader,
  readProofHeader,
} from "../../../../lib/rules/secrets/peer-proof.ts";

const key = Buffer.alloc(32, 1);
const proof = { audience: "http://logs-1:8080", path: "/fleet/host", atMs: 1_000, nonce: "n".repeat(22) };

test("a proof is read as it was written, and holds for what it was made for alone", () => {
  const read = readProofHeader(proofHeader(key, proof));
  expect(read).toMatchObject({ atMs: 1_000, nonce: proof.nonce });
  const mac = read?.mac ?? "";
  expect(isProvedBy(key, proof, mac)).toBe(true);
  expect(isProvedBy(Buffer.alloc(32, 2), proof, mac)).toBe(false);
  for (const change of [
    { audience: "http://trap:8080" },
    { path: "/topics" },
    { atMs: 1_001 },
    { nonce: "m".repeat(22) },
  ])
    expect(isProvedBy(key, { ...proof, ...change }, mac)).toBe(false);
});

test.each([
  "",
  "Bearer abc",
  "Penstock-Host",
  "Penstock-Host 1.2.3",
  `Penstock-Host 1.${"n".repeat(22)}.${"m".repeat(44)}`,
])("%p is no proof", (header) => expect(readProofHeader(header)).toBeNull());

test("an answer is proved for its request and its body; a request's proof proves no answer", () => {
  const mac = answerMac(key, proof.nonce, "{}");
  expect(isAnswerProved(key, proof.nonce, "{}", mac)).toBe(true);
  expect(isAnswerProved(key, proof.nonce, "{ }", mac)).toBe(false);
  expect(isAnswerProved(key, "m".repeat(22), "{}", mac)).toBe(false);
  expect(isAnswerProved(key, proof.nonce, "{}", readProofHeader(proofHeader(key, proof))?.mac ?? "")).toBe(
    false,
  );
  expect(isAnswerProved(key, proof.nonce, "{}", "")).toBe(false);
});
