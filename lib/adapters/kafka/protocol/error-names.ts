import protocolErrors from "kafkajs/src/protocol/error.js";
import type { KafkaError } from "./wire.ts";

const NAMES = new Map(protocolErrors.errorCodes.map(({ code, type }) => [code, type]));
const SENTENCES = new Map(protocolErrors.errorCodes.map(({ type, message }) => [type, message]));

/** Returns Kafka's error name as kafkajs spells it, or `ERROR_` and the code for newer ones. */
export function errorName(code: number): KafkaError {
  return code === 0 ? null : (NAMES.get(code) ?? `ERROR_${code}`);
}

/** Returns Kafka's description of an error name. */
export function errorSentence(error: string): string {
  return SENTENCES.get(error) ?? error;
}
