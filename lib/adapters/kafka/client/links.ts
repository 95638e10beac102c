import { createAddressBook, type AddressBook } from "./address-book.ts";
import { createTokenSource, type TokenSource } from "../tokens/token-source.ts";
import { createLoginGate, type LoginGate } from "./login-gate.ts";

/** What the Kafka clients of one process share. */
export interface KafkaLinks {
  readonly logins: LoginGate;
  readonly tokens: TokenSource;
  readonly addresses: AddressBook;
}

/** @param now milliseconds since the epoch @param random in [0, 1) */
export function createKafkaLinks(
  now: () => number = Date.now,
  random: () => number = Math.random,
): KafkaLinks {
  return {
    logins: createLoginGate(now, random),
    tokens: createTokenSource(now, random),
    addresses: createAddressBook(random),
  };
}
