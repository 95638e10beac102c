import type { Context } from "hono";
import { sessionOf } from "./auth.ts";
import { bindingsOf } from "../kit/event-stream.ts";

/** Who sent the request, for people. */
export function callerOf(c: Context): string {
  const how = sessionOf(c) === undefined ? "a client" : "a signed-in browser";
  return `${how} at ${bindingsOf(c).clientAddress?.() ?? "an unknown address"}`;
}
