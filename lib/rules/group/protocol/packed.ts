import { deflateRawSync, inflateRawSync } from "node:zlib";
import { UnreadableBytes, Writer } from "./bytes.ts";

/** The version of our `userData`. Increment it if its content changes. */
const FORMAT_VERSION = 1;
/** Protects memory from hostile bytes. 100,000 topics with names of 249 characters take half of it. */
const LONGEST_BYTES = 64 * 1024 * 1024;

/** Puts our own part of a subscription or an assignment into its `userData`. */
export function pack(content: Uint8Array): Uint8Array {
  return new Writer().int8(FORMAT_VERSION).raw(deflateRawSync(content)).done();
}

/** @throws UnreadableBytes if they come from another client, or another version of ours */
export function unpack(userData: Uint8Array): Uint8Array {
  if (userData[0] !== FORMAT_VERSION) throw new UnreadableBytes("another format");
  try {
    return inflateRawSync(userData.subarray(1), { maxOutputLength: LONGEST_BYTES });
  } catch (cause) {
    throw new UnreadableBytes("not compressed as ours is", { cause });
  }
}
