import { KafkaJSProtocolError } from "kafkajs";
import { messageOf, PenstockError } from "../../../rules/base/errors.ts";
import {
  isAboutCertificate,
  type BrokerFacts,
  type BrokerFailure,
  brokerTrouble,
  wasClosed,
} from "../../../rules/trouble/broker-trouble.ts";
import { kafkaWords } from "../../../rules/trouble/kafka-words.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import { certificateFacts, shownCertificate } from "../../system/certificate.ts";

/** For fetching a broker's certificate after a failure. */
const LOOK_MS = 2_000;

/**
 * Explains TLS and login failures in terms of the config, fetching the broker's certificate if needed.
 * @returns null for other failures
 */
export async function explained(error: unknown, settings: KafkaSettings): Promise<PenstockError | null> {
  const failure = linkFailureOf(error);
  const server =
    failure !== null && isAboutCertificate(failure)
      ? await shownCertificate(failure.address, AbortSignal.timeout(LOOK_MS))
      : null;
  return explainedAs(error, settings, server);
}

/** @param server the broker's certificate, or null if it was not fetched */
function explainedAs(
  error: unknown,
  settings: KafkaSettings,
  server: BrokerFacts["server"],
): PenstockError | null {
  const said = errorsOf(error).find((one) => one instanceof PenstockError);
  if (said !== undefined) return said;
  const failure = linkFailureOf(error);
  if (failure === null) return null;
  const ownText = settings.tls?.cert ?? null;
  const own = ownText === null ? null : certificateFacts(ownText);
  const text = brokerTrouble(failure, settings, { server, own, now: Date.now() });
  if (text === null) return null;
  // A broker that closes connections may accept them again later.
  return new PenstockError("kafka_refused", text, { retryable: wasClosed(failure), cause: error });
}

/**
 * Like {@link explained}, but reports any other failure as Kafka being unavailable.
 * @param lost the brokers known not to answer; if empty, all configured ones are named
 */
export async function asKafkaError(
  error: unknown,
  settings: KafkaSettings,
  lost: readonly string[],
): Promise<PenstockError> {
  const said = await explained(error, settings);
  if (said !== null) return said;
  const at = (lost.length > 0 ? lost : settings.brokers).join(", ");
  const words = wordsOf(error);
  const text = answeredType(error) === null ? `Kafka at ${at} does not answer: ${words}` : `Kafka: ${words}`;
  return new PenstockError("kafka_unavailable", text, { retryable: true, cause: error });
}

/** Explains an error of a Kafka client to the operator. */
export function wordsOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") return "no answer in time";
  const chain = errorsOf(error);
  const find = (name: string, type: string): unknown =>
    chain.map((one) => Reflect.get(one, name) as unknown).find((value) => typeof value === type);
  const [broker, afterMs] = [find("broker", "string"), find("afterMs", "number")];
  return kafkaWords({
    message: messageOf(error),
    type: answeredType(error),
    broker: typeof broker === "string" ? broker : null,
    afterMs: typeof afterMs === "number" ? afterMs : null,
  });
}

/** Like `wordsOf`, as an error; one that needs no other words is returned unchanged. */
export function inWords(error: unknown): unknown {
  const words = wordsOf(error);
  if (error instanceof PenstockError || words === messageOf(error)) return error;
  return new PenstockError("kafka_unavailable", words, { retryable: true, cause: error });
}

/** Returns Kafka's error name, or null if Kafka did not answer. */
function answeredType(error: unknown): string | null {
  const answer = errorsOf(error).find((one) => one instanceof KafkaJSProtocolError);
  return answer instanceof KafkaJSProtocolError ? answer.type : null;
}

/** Follows the causes: kafkajs wraps an error after several tries. */
function errorsOf(error: unknown): Error[] {
  const found: Error[] = [];
  for (let one = error; one instanceof Error && !found.includes(one); one = one.cause) found.push(one);
  return found;
}

function linkFailureOf(error: unknown): BrokerFailure | null {
  for (const one of errorsOf(error)) {
    if (one instanceof PenstockError) return null;
    if ("broker" in one && typeof one.broker === "string" && "code" in one && typeof one.code === "string") {
      const servesOthers = "servesOthers" in one && one.servesOthers === true;
      return { address: one.broker, code: one.code, servesOthers };
    }
  }
  return null;
}
