import { z } from "zod";
import { createOrderStore } from "../../../../lib/adapters/kafka/orders/order-store.ts";
import { createKafkaWire } from "../../../../lib/adapters/kafka/wire/kafkajs-wire.ts";
import { createLogger } from "../../../../lib/adapters/log/log.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { abortable } from "../../../../lib/rules/base/abortable.ts";
import { messageOf } from "../../../../lib/rules/base/errors.ts";
import { type HoldEntries, holdEntries } from "../../../../lib/rules/progress/hold.ts";
import { createRedaction } from "../../../../lib/rules/secrets/redaction.ts";
import { secretsOf } from "../../../../lib/rules/secrets/secret.ts";
import { topicStates } from "../../../../lib/rules/progress/status.ts";
import { hostOf } from "../../host/ask-host.ts";
import { CONFIG_OPTIONS, parseWords } from "../../kit/arguments.ts";
import { ExitCode } from "../../kit/exit-code.ts";
import type { LoadedConfig } from "../../kit/load-config.ts";
import { orFromFile, readListing } from "../declared-topics.ts";
import {
  formatListing,
  heldBySource,
  listingAsJson,
  type StateByTopic,
  type TopicsListing,
} from "../list.ts";
import type { TopicsIo, TopicsVerb } from "../verb.ts";

const ORDERS_MS = 2_000;

export const listVerb: TopicsVerb = {
  name: "list",
  operands: "",
  about:
    "show what the config file and etcd declare, how the running host fares with it, and which topics an order holds",
  options: [],
  parse(args) {
    const { values } = parseWords({ args, options: CONFIG_OPTIONS });
    if (values.help) return null;
    return { config: values.config ?? null, run: (config, io) => list(config, values.json, io) };
  },
};

/** If etcd cannot be read, still lists the config file's topics; the list is incomplete then, and the command fails. */
async function list(config: LoadedConfig, json: boolean, io: TopicsIo): Promise<number> {
  const [orders, running] = [readOrders(config, io), readStates(config, io)];
  const print = async (listing: TopicsListing) => {
    const { entries, problem } = await orders;
    if (problem !== null) io.error(`Note: orders unknown: ${problem}\n`);
    const { topic } = config.settings.deadLetters;
    const held = entries && heldBySource(listing.declarations, entries, topic);
    const told = { ...listing, held, states: await running };
    io.out(json ? listingAsJson(told) : formatListing(told));
  };
  const { listing, missing } = await orFromFile(readListing(config, io), config, io.signal);
  await print(listing);
  if (missing !== null) {
    if (!json) io.error("Note: the list shows only the config file, because etcd cannot be read:\n");
    throw missing;
  }
  return ExitCode.done;
}

/** What is read of the answer to `GET /topics`, so that hosts of other versions can be asked. */
const states = z.array(
  z.object({ topic: z.string(), state: z.enum(topicStates), reason: z.string().nullable() }),
);

/** Asks the running host how its topics fare. Never throws: the list shows declarations, also without a host. */
async function readStates({ settings }: LoadedConfig, { signal }: TopicsIo): Promise<StateByTopic | null> {
  const either = AbortSignal.any([signal, AbortSignal.timeout(ORDERS_MS)]);
  const answer = await hostOf(settings.http, null)("/topics", states, either).catch(() => null);
  if (answer?.kind !== "answer") return null;
  return new Map(answer.value.map(({ topic, state, reason }) => [topic, { state, reason }]));
}

/** Asks Kafka which topics an order holds. The list does not wait long for it: it shows declarations. Never throws. */
async function readOrders(
  { settings }: LoadedConfig,
  { signal, error: write }: TopicsIo,
): Promise<{ readonly entries: HoldEntries | null; readonly problem: string | null }> {
  const { kafka } = settings;
  // The answer is told in one line; the client's own words would repeat it.
  const hide = createRedaction(secretsOf(settings));
  const logger = createLogger({ level: "error", pretty: true, hide, destination: { write } });
  const wire = createKafkaWire(kafka, logger);
  const deadline = AbortSignal.timeout(ORDERS_MS);
  const either = AbortSignal.any([signal, deadline]);
  try {
    const store = createOrderStore(wire, kafka.group, "holds", systemTime);
    return { entries: holdEntries(await abortable(store.read(either), either)), problem: null };
  } catch (error) {
    const late = `Kafka did not answer within ${ORDERS_MS / 1000} s`;
    return { entries: null, problem: deadline.aborted ? late : hide(messageOf(error)) };
  } finally {
    await wire.close();
  }
}
