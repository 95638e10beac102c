import { deflateRawSync, inflateRawSync } from "node:zlib";
import { UnreadableBytes, Writer } from "./bytes.ts";

/** Of what we write into `userData`. Whoever changes what stands in there takes the next one. */
const FORMAT_VERSION = 1;
/** 100,000 topics with names of 249 characters take half of it; nobody's bytes may fill the memory. */
const LONGEST_BYTES = 64 * 1024 * 1024;

/** Puts our own part of a subscription or an assignment into its `userData`. */
export function pack(content: Uint8Array): Uint8Array {
  return new Writer().int8(FORMAT_VERSION).raw(deflateRawSync(content)).done();
}

/** @throws UnreadableBytes where they are of another client, or of another version of this one */
export function unpack(userData: Uint8Array): Uint8Array {
  if (userData[0] !== FORMAT_VERSION) throw new UnreadableBytes("another format");
  try {
    return inflateRawSync(userData.subarray(1), { maxOutputLength: LONGEST_BYTES });
  } catch (cause) {
    throw new UnreadableBytes("not compressed as ours is", { cause });
  }
}
