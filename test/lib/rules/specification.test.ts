import { describe, expect, test } from "bun:test";
import { specificationChanges, specificationHash, specify } from "../../../lib/rules/specification.ts";
import { declaration } from "../../support/declarations.ts";
import { specification } from "../../support/records.ts";
import { kafkaSettings } from "../../support/settings.ts";
import { Secret } from "../../../lib/rules/secret.ts";

describe("a specification", () => {
  test("takes the topic's name as index where none is declared", () => {
    expect(specify(declaration("app", { format: "json" }), "app")).toEqual(
      specification({ topic: "app", index: "app", format: "json" }),
    );
  });

  test("of a pattern has the topic put into its index, and keeps the date open", () => {
    const spec = specify(declaration("app-*", { index: "logs-{topic}-{yyyy.MM.dd}" }), "app-one");
    expect(spec).toMatchObject({ topic: "app-one", index: "logs-app-one-{yyyy.MM.dd}" });
  });
});

describe("its hash", () => {
  const kafka = kafkaSettings();
  const hash = specificationHash(specification(), kafka);

  test("does not depend on the order of fields", () => {
    const reversed = Object.fromEntries(Object.entries(specification()).toReversed());
    expect(specificationHash({ ...specification(), ...reversed }, kafka)).toBe(hash);
    const { topic, ...rest } = specification();
    expect(specificationHash({ ...rest, topic }, kafka)).toBe(hash);
  });

  test.each([
    { path: "/var/log/app.log" },
    { index: "other" },
    { format: "json" },
    { timestamp: "time" },
    { pipeline: "p" },
    { topic: "other" },
  ] as const)("changes with %j", (change) => {
    expect(specificationHash(specification(change), kafka)).not.toBe(hash);
  });

  test.each([
    { brokers: ["127.0.0.1:9093"] },
    { group: "other" },
    { tls: { ca: "PEM", cert: null, key: null } },
    { sasl: { mechanism: "plain", username: "u", password: new Secret("p") } },
    { tls: { ca: null, cert: "PEM", key: new Secret("PEM") } },
  ] as const)("changes with kafka's %j", (change) => {
    expect(specificationHash(specification(), kafkaSettings(change))).not.toBe(hash);
  });

  test("changes with a password or a key alone", () => {
    const hashes = ["one", "two"].flatMap((text) => [
      { sasl: { mechanism: "plain", username: "u", password: new Secret(text) } } as const,
      { tls: { ca: null, cert: "PEM", key: new Secret(text) } },
    ]);
    const all = hashes.map((change) => specificationHash(specification(), kafkaSettings(change)));
    expect(new Set(all).size).toBe(4);
  });

  test("leaves out where a new group begins, and the host's memory", () => {
    expect(specificationHash(specification({ startAt: "latest" }), kafka)).toBe(hash);
    expect(specificationHash(specification(), kafkaSettings({ inFlightMaxBytes: 1 }))).toBe(hash);
  });
});

test("the changes name each field with both of its values", () => {
  expect(specificationChanges(specification(), specification())).toEqual([]);
  expect(specificationChanges(specification(), specification({ path: "/a", format: "json" }))).toEqual([
    { field: "path", from: null, to: "/a" },
    { field: "format", from: "text", to: "json" },
  ]);
});
