import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * How a host shows another that both know the same access token, without sending it. Whoever may join the Kafka group
 * may tell it any address, so a token sent there could be collected.
 *
 * The proof counts for one address, one path, one minute and one use. The answer is proved with the same key and the
 * nonce of the request, so that a stranger can neither read nor invent one.
 */
export interface PeerProof {
  /** The origin that the request goes to, as that host told the group. */
  readonly audience: string;
  /** With its query. */
  readonly path: string;
  readonly atMs: number;
  /** Unguessable, and used once. */
  readonly nonce: string;
}

/** The scheme of the `Authorization` header. */
export const PROOF_SCHEME = "Penstock-Host";
/** The header of an answer. */
export const ANSWER_PROOF = "penstock-proof";
/** By how much the clocks of two hosts may differ. */
export const PROOF_MS = 60_000;

const HEADER = /^Penstock-Host (\d{1,16})\.([\w-]{16,64})\.([\w-]{43})$/;

/** @returns the `Authorization` header of a request */
export function proofHeader(key: Buffer, proof: PeerProof): string {
  return `${PROOF_SCHEME} ${proof.atMs}.${proof.nonce}.${requestMac(key, proof)}`;
}

/** Reads such a header; null if it is none. */
export function readProofHeader(
  header: string,
): (Pick<PeerProof, "atMs" | "nonce"> & { readonly mac: string }) | null {
  const [, atMs, nonce, mac] = HEADER.exec(header) ?? [];
  if (atMs === undefined || nonce === undefined || mac === undefined) return null;
  return { atMs: Number(atMs), nonce, mac };
}

/** Returns whether the proof was made with this key. Takes the same time for any. */
export function isProvedBy(key: Buffer, proof: PeerProof, mac: string): boolean {
  return sameMac(mac, requestMac(key, proof));
}

/** @returns the proof of an answer to the request with this nonce */
export function answerMac(key: Buffer, nonce: string, body: string): string {
  return macOf(key, ["answer", nonce, body]);
}

/** Whether a text has the form of an answer's proof. */
export function isLikeProof(mac: string): boolean {
  return /^[\w-]{43}$/.test(mac);
}

/** Returns whether the answer was made with this key. */
export function isAnswerProved(key: Buffer, nonce: string, body: string, mac: string): boolean {
  return sameMac(mac, answerMac(key, nonce, body));
}

function requestMac(key: Buffer, { audience, path, atMs, nonce }: PeerProof): string {
  return macOf(key, ["request", audience, path, String(atMs), nonce]);
}

/** JSON keeps the parts apart, whatever they contain. */
function macOf(key: Buffer, parts: readonly string[]): string {
  return createHmac("sha256", key).update(JSON.stringify(parts)).digest("base64url");
}

function sameMac(given: string, wanted: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(wanted)];
  return one.length === other.length && timingSafeEqual(one, other);
}
