import { z } from "zod";
import { isNoAddress } from "../../../rules/diagnosis/elasticsearch.ts";
import { shaped } from "../transport/shaped.ts";
import type { Client } from "./asking.ts";

/** The privileges that the user lacks. */
export interface MissingPrivileges {
  readonly cluster: readonly string[];
  /** By each name that was asked for. */
  readonly index: ReadonlyMap<string, readonly string[]>;
}

export interface WantedPrivileges {
  readonly cluster?: readonly string[];
  readonly index?: readonly { readonly names: readonly string[]; readonly privileges: readonly string[] }[];
}

const granted = z
  .record(z.string(), z.boolean())
  .transform((all) => Object.entries(all).flatMap(([privilege, has]) => (has ? [] : [privilege])));
const shape = z.object({ cluster: granted.default([]), index: z.record(z.string(), granted).default({}) });
const path = "/_security/user/_has_privileges";

/**
 * Finds which of these privileges the user lacks.
 * @returns null if Elasticsearch checks none, because security is off
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
 */
export async function findMissingPrivileges(
  elasticsearch: Client,
  wanted: WantedPrivileges,
  signal: AbortSignal,
  timeoutMs = 8_000,
): Promise<MissingPrivileges | null> {
  try {
    const answer = await elasticsearch.ask({ method: "POST", path, body: wanted, timeoutMs }, signal);
    const { cluster, index } = shaped(shape, answer, path);
    return { cluster, index: new Map(Object.entries(index)) };
  } catch (error) {
    if (isNoAddress(error)) return null;
    throw error;
  }
}
