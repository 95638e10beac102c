import { expect, test } from "bun:test";
import { Secret, secretsOf } from "../../../../lib/rules/secrets/secret.ts";
import { kafkaSettings, settings } from "../../../support/settings.ts";

const tls = (key: string) => ({ ca: "ca is public", cert: "cert is public", key: new Secret(key) });
const login = (password: string) => ({ username: "public", password: new Secret(password) });
const { http, elasticsearch } = settings();
const all = settings({
  http: { ...http, token: new Secret("http token") },
  kafka: kafkaSettings({ tls: tls("kafka key"), sasl: { mechanism: "plain", ...login("kafka password") } }),
  elasticsearch: { ...elasticsearch, auth: { kind: "basic", ...login("es password") }, tls: tls("es key") },
  etcd: {
    endpoints: ["https://127.0.0.1:2379"],
    keys: ["logs/"],
    auth: login("etcd password"),
    tls: tls("etcd key"),
  },
});
const passwords = ["es password", "etcd password", "kafka password"];

test("finds every secret, also joined with its user name, and nothing else", () => {
  expect(secretsOf(all).toSorted()).toEqual(
    [
      ...passwords.flatMap((text) => [text, `public:${text}`, `\0public\0${text}`]),
      "es key",
      "etcd key",
      "kafka key",
      "http token",
    ].toSorted(),
  );
  const auth = { kind: "apiKey", apiKey: new Secret("api key") } as const;
  expect(secretsOf(settings({ elasticsearch: { ...elasticsearch, auth } }))).toEqual(["api key"]);
});

test("finds a client's secret, also joined with its id", () => {
  const client = {
    tokenEndpoint: "http://public",
    clientId: "public",
    clientSecret: new Secret("client secret"),
  };
  expect(secretsOf(client)).toEqual(["client secret", "public:client secret", "\0public\0client secret"]);
});

test("ignores what is not set", () => {
  expect(secretsOf(settings())).toEqual([]);
});

test("a dump of settings, as JSON or by the inspector, shows no secret", () => {
  for (const dump of [JSON.stringify(all), Bun.inspect(all, { depth: 20 })]) {
    expect(dump).toContain("ca is public");
    for (const secret of secretsOf(all)) expect(dump).not.toContain(secret);
  }
});
