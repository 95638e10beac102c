import { describe, expect, test } from "bun:test";
import { createRequire } from "node:module";
import { KafkaJSConnectionError, KafkaJSRequestTimeoutError } from "kafkajs";
import { rejection } from "../../support/rejection.ts";

/** infra/patches/kafkajs/06-logins.patch; that a session is prolonged in time, kafkajs-connection.test.ts shows. */
const require = createRequire(import.meta.url);

const silent = { debug() {}, error() {}, warn() {}, info() {} };
const logger = { namespace: () => silent, ...silent };
const sasl = { username: "u", password: "p" };

type Provider = (sasl: object) => (options: object) => { authenticate(): Promise<void> };
const mechanisms = ["plain", "scram256", "scram512"].map((mechanism) => ({
  mechanism,
  provider: require(`kafkajs/src/broker/saslAuthenticator/${mechanism}`) as Provider,
}));

describe.each(mechanisms)("a login by $mechanism of the patched kafkajs", ({ provider }) => {
  const failing = (error: Error): Promise<unknown> => {
    const saslAuthenticate = async () => {
      throw error;
    };
    return rejection(provider(sasl)({ host: "h", port: 1, logger, saslAuthenticate }).authenticate());
  };

  test("that breaks off with its connection is not refused: it may be tried again", async () => {
    for (const broken of [new KafkaJSConnectionError("closed"), new KafkaJSRequestTimeoutError("timed out")])
      expect(await failing(broken)).toBe(broken);
  });

  test("that the broker does not take is refused", async () => {
    expect(await failing(new Error("wrong password"))).toMatchObject({
      name: "KafkaJSSASLAuthenticationError",
      message: expect.stringContaining("wrong password"),
    });
  });
});

const Connection = require("kafkajs/src/network/connection") as new (options: object) => {
  broker: string;
  authenticate(): Promise<void>;
};

test("whether a connection may log in is asked of whoever knows how others fared, and the error tells the broker", async () => {
  const asked: object[] = [];
  const made = new Connection({
    host: "h",
    port: 1,
    logger,
    sasl: {
      mechanism: "plain",
      ...sasl,
      admit(at: object) {
        asked.push(at);
        return Promise.reject(new Error("not now"));
      },
    },
  });
  const versions = { 17: { minVersion: 0, maxVersion: 1 }, 36: { minVersion: 0, maxVersion: 1 } };
  Object.assign(made, { connectionStatus: "connected", supportAuthenticationProtocol: true, versions });
  expect(await rejection(made.authenticate())).toMatchObject({ message: "not now", broker: "h:1" });
  expect(asked).toEqual([{ broker: "h:1", again: false }]);
});
