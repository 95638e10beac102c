import { messageOf, PenstockError } from "../../rules/errors.ts";
import {
  isAboutCertificate,
  type BrokerFacts,
  type BrokerFailure,
  brokerTrouble,
} from "../../rules/broker-trouble.ts";
import type { KafkaSettings } from "../../rules/settings.ts";
import { certificateFacts, shownCertificate } from "../certificate.ts";

/** For a look at a broker's certificate, after a failure. */
const LOOK_MS = 2_000;

/**
 * What is wrong with TLS or the login, in words for whoever keeps the config, and with the broker's certificate looked at.
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

/** The same at once, and without a look at the certificate. */
export function explainedAs(
  error: unknown,
  settings: KafkaSettings,
  server: BrokerFacts["server"] = null,
): PenstockError | null {
  const said = errorsOf(error).find((one) => one instanceof PenstockError);
  if (said !== undefined) return said;
  const failure = linkFailureOf(error);
  if (failure === null) return null;
  const ownText = settings.tls?.cert ?? null;
  const own = ownText === null ? null : certificateFacts(ownText);
  const text = brokerTrouble(failure, settings, { server, own, now: Date.now() });
  return text === null ? null : new PenstockError("kafka_refused", text, { cause: error });
}

/** {@link explained}, or that Kafka is away. */
export async function asKafkaError(error: unknown, settings: KafkaSettings): Promise<PenstockError> {
  return (
    (await explained(error, settings)) ??
    new PenstockError(
      "kafka_unavailable",
      `Kafka at ${settings.brokers.join(", ")} does not answer: ${messageOf(error)}`,
      { retryable: true, cause: error },
    )
  );
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
    if ("broker" in one && typeof one.broker === "string" && "code" in one && typeof one.code === "string")
      return { address: one.broker, code: one.code };
  }
  return null;
}
