import type { Context } from "hono";
import { sessionOf } from "./auth.ts";
import { bindingsOf } from "../kit/event-stream.ts";

/** Who sent the request, for people. */
export function callerOf(c: Context): string {
  const how = sessionOf(c) === undefined ? "a client" : "a signed-in browser";
  return `${how} at ${addressOf(c)}`;
}

/** Where the request came from, for people. Behind a proxy, the proxy's address. */
export function addressOf(c: Context): string {
  return bindingsOf(c).clientAddress?.() ?? "an unknown address";
}
