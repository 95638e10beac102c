import { expect, test } from "bun:test";
import { secretsOf } from "../../../lib/rules/secrets.ts";
import { kafkaSettings, settings } from "../../support/settings.ts";

const tls = (key: string) => ({ ca: "ca is public", cert: "cert is public", key });

test("every secret is found, and nothing that is none", () => {
  const { http, elasticsearch } = settings();
  const all = settings({
    http: { ...http, token: "token" },
    kafka: kafkaSettings({
      tls: tls("kafka key"),
      sasl: { mechanism: "plain", username: "public", password: "kafka password" },
    }),
    elasticsearch: {
      ...elasticsearch,
      auth: { kind: "basic", username: "public", password: "es password" },
      tls: tls("es key"),
    },
    etcd: {
      endpoints: ["https://127.0.0.1:2379"],
      keys: ["logs/"],
      auth: { username: "public", password: "etcd password" },
      tls: tls("etcd key"),
    },
  });
  expect(secretsOf(all).toSorted()).toEqual([
    "es key",
    "es password",
    "etcd key",
    "etcd password",
    "kafka key",
    "kafka password",
    "token",
  ]);
  const auth = { kind: "apiKey", apiKey: "api key" } as const;
  expect(secretsOf(settings({ elasticsearch: { ...elasticsearch, auth } }))).toEqual(["api key"]);
});

test("what is not set or empty is no secret: nothing could be told apart from it", () => {
  expect(secretsOf(settings())).toEqual([]);
  expect(secretsOf(settings({ http: { ...settings().http, token: "" } }))).toEqual([]);
});
