import type { Admin } from "kafkajs";
import { abortable } from "../../../rules/base/abortable.ts";
import { messageOf } from "../../../rules/base/errors.ts";
import type { Logger } from "../../../rules/base/logger.ts";
import type { KafkaSettings } from "../../../rules/model/settings.ts";
import { createKafkaClient } from "./client.ts";
import { createKafkaLinks, type KafkaLinks } from "./links.ts";
import { asKafkaError } from "./explain-error.ts";

/** One admin connection to the cluster. */
export interface KafkaAdmin {
  /**
   * Runs a request. Connects for the first one, and again after a failed one.
   * @throws PenstockError `kafka_unavailable`, `kafka_refused` (TLS or login), or the one the request itself threw
   */
  ask<T>(question: (admin: Admin) => Promise<T>, signal: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

export function createKafkaAdmin(
  settings: KafkaSettings,
  logger: Logger,
  links: KafkaLinks = createKafkaLinks(),
): KafkaAdmin {
  let connecting: Promise<Admin> | null = null;

  const connect = (): Promise<Admin> => {
    connecting ??= (async () => {
      const admin = createKafkaClient(settings, logger, links).admin();
      await admin.connect();
      return admin;
    })();
    return connecting;
  };

  const close = async (): Promise<void> => {
    const closing = connecting;
    connecting = null;
    // A connection that failed has nothing to close.
    const admin = await closing?.catch(() => null);
    await admin?.disconnect();
  };

  return {
    close,
    async ask(question, signal) {
      try {
        return await abortable(connect().then(question), signal);
      } catch (error) {
        // After a failure, a client may cling to a dead broker or a deleted topic: the next request gets a new one.
        void close().catch((failure: unknown) => {
          logger.debug("a Kafka client could not be closed", { error: messageOf(failure) });
        });
        throw await asKafkaError(error, settings, links.addresses.lostOf(settings.brokers));
      }
    },
  };
}
