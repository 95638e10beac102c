import { KafkaJSError } from "kafkajs";

/**
 * A thrown error of another kind than kafkajs' own would end the consumer silently (TypeError and its like are "not
 * retriable") and be logged whole, records included; so it is reported here.
 */
export async function reportingTo<T>(
  crash: (error: unknown) => void,
  act: () => Promise<T>,
  otherwise: T,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof KafkaJSError) throw error;
    crash(error);
    return otherwise;
  }
}
