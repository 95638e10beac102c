import { z } from "zod";
import { addressesIn } from "./addresses.ts";
import { dataStreamFault, retentionPattern, retentionRule } from "../model/data-stream.ts";
import {
  indexTemplateFault,
  topicNamePattern,
  topicNameRule,
  topicPatternPattern,
  topicPatternRule,
} from "../model/names.ts";
import { parseStartPoint, startPointPattern, startPointRule } from "../offsets/start-point.ts";
import {
  durationPattern,
  durationRule,
  parseDurationMs,
  parseSizeBytes,
  sizePattern,
  sizeRule,
} from "../base/units.ts";

/**
 * The types of single values in a config file and in etcd. Every message is a predicate to be read after the value
 * (`"foo" is not host:port`). The JSON Schema is generated from the same definitions.
 */

export const text = z.string({
  error: ({ input }) => (isUnquoted(input) ? unquotedRule : "is not a string"),
});
export const nonEmptyText = text.min(1, "is empty");
/** An exact key, or a prefix; see lib/rules/declarations/etcd-keys.ts. */
export const etcdKey = nonEmptyText.regex(
  /^[^*]+\*?$/,
  "may have a * only at its end, where it makes the key a prefix, and not alone: that would be all of etcd",
);
export const flag = z.boolean({ error: "is not true or false" });

export const topicName = text.regex(topicNamePattern, topicNameRule);
export const topicPattern = text.regex(topicPatternPattern, topicPatternRule);
export const indexTemplate = text.superRefine((template, context) => {
  const rule = indexTemplateFault(template);
  if (rule !== null) context.addIssue({ code: "custom", message: rule });
});

export const dataStreamTemplate = text.superRefine((template, context) => {
  const rule = dataStreamFault(template);
  if (rule !== null) context.addIssue({ code: "custom", message: rule });
});
export const startAt = text
  .regex(startPointPattern, startPointRule)
  .refine((value) => !startPointPattern.test(value) || parseStartPoint(value) !== null, startPointRule);
export const retention = z.string({ error: retentionRule }).regex(retentionPattern, retentionRule);

export function wholeNumber(min: number, max: number) {
  const rule = `is not a whole number from ${min} to ${max}`;
  return z.int({ error: rule }).min(min, rule).max(max, rule);
}

const maxDurationMs = 86_400_000;

/** At most a day: timers overflow above 24 days, and no wait here needs more than hours. */
export const duration = z
  .string({ error: durationRule })
  .regex(durationPattern, durationRule)
  .transform(parseDurationMs)
  .refine((ms) => ms > 0 && ms <= maxDurationMs, "is not between 1ms and 24h");

export const size = z
  .string({ error: sizeRule })
  .regex(sizePattern, sizeRule)
  .transform(parseSizeBytes)
  .refine((bytes) => bytes > 0 && Number.isSafeInteger(bytes), "is not between 1b and 8388607gb");

/** One or several, separated by commas; see addressesIn. */
export const hostPorts = text.refine((all) => everyAddress(all, isHostPort), "is not host:port");

/** One, with a path. */
export const serverUrl = text
  .refine(isHttpUrl, "is not an http:// or https:// URL")
  .refine((url) => !isHttpUrl(url) || !hasCredentials(url), "contains a user name or password");

/** The names and values that Kafka accepts (RFC 7628, section 3.1, less the separator and `auth`). */
export const extensions = z.record(
  z.string().regex(/^(?!auth$)[A-Za-z]+$/),
  text.regex(/^[\x21-\x7e \t\r\n]+$/, "is not the value of an extension (printable ASCII, not empty)"),
  {
    error: ({ code }) =>
      code === "invalid_key"
        ? "has a name that no extension may have (only letters, and not auth)"
        : "is not a mapping",
  },
);

/** Like `hostPorts`. */
export const serverUrls = text
  .refine((all) => everyAddress(all, isHttpUrl), "is not an http:// or https:// URL")
  .refine(
    (all) => !everyAddress(all, isHttpUrl) || !addressesIn(all).some(hasCredentials),
    "contains a user name or password: put them under auth",
  );

export function oneOf<const T extends readonly [string, ...string[]]>(values: T) {
  return z.enum(values, { error: notOneOf(values) });
}

export function notOneOf(values: readonly string[]): string {
  return `is not one of ${values.slice(0, -1).join(", ")} or ${values.at(-1) ?? ""}`;
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.array(item, { error: "is not a list" });
}

/** For unknown keys the message is the list of known ones, from which `faults.ts` makes one fault per key. */
export function mapping<T extends z.ZodRawShape>(shape: T) {
  const known = Object.keys(shape).join(" ");
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? known : "is not a mapping"),
  });
}

export const unquotedRule = "is not a string: put it in quotes";

/** Without quotes, YAML reads `0123`, `1e3` and `true` as numbers or booleans. */
export function isUnquoted(value: unknown): boolean {
  return typeof value === "number" || typeof value === "boolean";
}

function everyAddress(text: string, isOne: (address: string) => boolean): boolean {
  const addresses = addressesIn(text);
  return addresses.length > 0 && addresses.every(isOne);
}

/** A host name, an IPv4 address or an IPv6 address in brackets, and a port from 1 to 65535. */
function isHostPort(value: string): boolean {
  const [, port] = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(value) ?? [];
  return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
}

function isHttpUrl(value: string): boolean {
  const url = URL.parse(value);
  return /^https?:\/\//.test(value) && url !== null && url.search === "" && url.hash === "";
}

function hasCredentials(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && (url.username !== "" || url.password !== "");
}
