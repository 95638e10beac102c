import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { httpStatusOf } from "../../../rules/diagnosis/elasticsearch.ts";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import { isObject } from "../../../rules/json/object.ts";
import { admitNames, listsIndex, type TakenNames } from "../../../rules/model/index-fields.ts";
import type { Client } from "./asking.ts";

/** The names of indices that one topic wants, for one day. */
export interface NamesWanted {
  readonly topic: string;
  /** The topic's index without bounds. */
  readonly template: string;
  /** Empty if the names are not dated. */
  readonly day: string;
  /** None: only looks. */
  readonly names: readonly string[];
  readonly fallback: string;
  /** How many names there may be, beside the fallback. */
  readonly limit: number;
}

const TIMEOUT_MS = 10_000;
/** Other hosts may change the list at the same time: each of them only until it holds what all of them want. */
const ATTEMPTS = 50;
const READS = 10;
const READ_AGAIN_MS = 200;

/**
 * Adds wanted names to the list of a topic and day as long as there is room. Several hosts may do so at once: Elasticsearch
 * accepts a change of the list only if nobody else has changed it meanwhile. So a list never loses a name nor exceeds its
 * bound.
 * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`, or the signal's reason
 */
export async function askTakenNames(
  client: Client,
  { topic, template, day, names, fallback, limit }: NamesWanted,
  signal: AbortSignal,
): Promise<TakenNames> {
  // Written out, it might be longer than an id may be.
  const id = createHash("sha256").update(`${topic}\n${template}\n${day}`).digest("base64url");
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const list = await read(id);
    const taken = admitNames(list?.names ?? [], names, { fallback, limit });
    if (taken.names.length === (list?.names.length ?? 0)) return taken;
    if (await write(id, list, taken.names)) return taken;
  }
  const message = `other hosts kept changing the list in ${listsIndex}`;
  throw new PenstockError("elasticsearch_unavailable", message, { retryable: true });

  async function read(id: string): Promise<List | null> {
    for (let tries = 1; ; tries += 1)
      try {
        const answer = await orElse([404], () => ask("GET", `_doc/${id}`, {}));
        return answer === null ? null : listIn(answer);
      } catch (error) {
        // Another host has just made the index, whose shard is not there yet.
        if (httpStatusOf(error) !== 503 || tries >= READS) throw error;
        await sleep(READ_AGAIN_MS, undefined, { signal });
      }
  }

  /** @returns false if somebody else changed the list */
  async function write(id: string, list: List | null, all: readonly string[]): Promise<boolean> {
    const body = { topic, template, day, names: all };
    if (list === null) {
      await makeIndex();
      return (await orElse([409], () => ask("PUT", `_create/${id}`, {}, body))) !== null;
    }
    const unchanged = { if_seq_no: String(list.version), if_primary_term: String(list.term) };
    return (await orElse([409], () => ask("PUT", `_doc/${id}`, unchanged, body))) !== null;
  }

  /** Hidden, so that no search for `*` and no template for `*` meets it. */
  async function makeIndex(): Promise<void> {
    const settings = { index: { hidden: true, number_of_shards: 1, auto_expand_replicas: "0-1" } };
    const mappings = { dynamic: false, properties: { topic: { type: "keyword" }, day: { type: "keyword" } } };
    // 400: it exists. 403: then somebody else has made it, or the write below tells what is missing.
    await orElse([400, 403], () => ask("PUT", "", {}, { settings, mappings }));
  }

  async function ask(
    method: "GET" | "PUT",
    place: string,
    querystring: Readonly<Record<string, string>>,
    body?: object,
  ): Promise<unknown> {
    const path = place === "" ? `/${listsIndex}` : `/${listsIndex}/${place}`;
    const question = { method, path, querystring, timeoutMs: TIMEOUT_MS };
    return client.ask(body === undefined ? question : { ...question, body }, signal);
  }
}

/** Answers as `askTakenNames` would, one question after the other, and changes nothing. */
export function createTakenNamesTrial(
  client: Client,
): (wanted: NamesWanted, signal: AbortSignal) => Promise<TakenNames> {
  const lists = new Map<string, readonly string[]>();
  return async (wanted, signal) => {
    const list =
      lists.get(wanted.day) ?? (await askTakenNames(client, { ...wanted, names: [] }, signal)).names;
    const taken = admitNames(list, wanted.names, wanted);
    lists.set(wanted.day, taken.names);
    return taken;
  };
}

interface List {
  readonly names: readonly string[];
  readonly version: number;
  readonly term: number;
}

/** @returns null if the answer has one of these statuses */
async function orElse(statuses: readonly number[], ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return (await ask()) ?? {};
  } catch (error) {
    const status = httpStatusOf(error);
    if (status !== null && statuses.includes(status)) return null;
    if (!(error instanceof PenstockError)) throw error;
    throw new PenstockError(error.code, `${listsIndex}: ${messageOf(error)}`, {
      retryable: error.retryable,
      cause: error.cause,
    });
  }
}

function listIn(answer: unknown): List {
  const { _source: source, _seq_no: version, _primary_term: term } = isObject(answer) ? answer : {};
  const names = isObject(source) ? source["names"] : null;
  if (typeof version === "number" && typeof term === "number" && Array.isArray(names))
    return { names: names.map(String), version, term };
  throw new PenstockError("elasticsearch_refused", `a list in ${listsIndex} has an unexpected form`, {
    retryable: true,
  });
}
