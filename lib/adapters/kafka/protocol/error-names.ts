import protocolErrors from "kafkajs/src/protocol/error.js";
import type { KafkaError } from "./wire.ts";

const NAMES = new Map(protocolErrors.errorCodes.map(({ code, type }) => [code, type]));
const SENTENCES = new Map(protocolErrors.errorCodes.map(({ type, message }) => [type, message]));

/** Kafka's name of the code in the spelling of kafkajs; `ERROR_` and the code for those that came after it. */
export function errorName(code: number): KafkaError {
  return code === 0 ? null : (NAMES.get(code) ?? `ERROR_${code}`);
}

/** Kafka's own sentence for it. */
export function errorSentence(error: string): string {
  return SENTENCES.get(error) ?? error;
}
