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

/** For a look at a broker's certificate, after a failure. */
const LOOK_MS = 2_000;

/**
 * What is wrong with TLS or the login, in words for whoever keeps the config, and with the broker's certificate looked
 * at.
 * @returns null where the failure is of another kind
 */
export async function explained(error: unknown, settings: KafkaSettings): Promise<PenstockError | null> {
  const failure = linkFailureOf(error);
  const server =
    failure !== null && isAboutCertificate(failure)
      ? await shownCertificate(failure.address, AbortSignal.timeout(LOOK_MS))
      : null;
  return explainedAs(error, settings, server);
}

/** @param server what the broker's certificate shows; null: it was not looked at */
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
  // A broker that closes connections has its reasons, and may have others in a moment.
  return new PenstockError("kafka_refused", text, { retryable: wasClosed(failure), cause: error });
}

/**
 * {@link explained}, or that Kafka is away.
 * @param lost those of the brokers that are known not to answer; none: all that are asked may be meant
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

/** What a Kafka client threw, in words for whoever runs a host. */
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

/** The same as an error; what needs no other words stays what it is. */
export function inWords(error: unknown): unknown {
  const words = wordsOf(error);
  if (error instanceof PenstockError || words === messageOf(error)) return error;
  return new PenstockError("kafka_unavailable", words, { retryable: true, cause: error });
}

/** Kafka's name of what it answered; null: it answered nothing. */
function answeredType(error: unknown): string | null {
  const answer = errorsOf(error).find((one) => one instanceof KafkaJSProtocolError);
  return answer instanceof KafkaJSProtocolError ? answer.type : null;
}

/** kafkajs wraps what gave up after several tries. */
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
