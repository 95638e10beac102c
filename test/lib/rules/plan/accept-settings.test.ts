import { expect, test } from "bun:test";
import { acceptSettings } from "../../../../lib/rules/plan/accept-settings.ts";
import { httpSettings, kafkaSettings, settings } from "../../../support/settings.ts";
import { revealed } from "../../../support/revealed.ts";
import { Secret } from "../../../../lib/rules/secrets/secret.ts";

const running = settings();

test("unchanged settings are accepted silently", () => {
  expect(acceptSettings(running, settings())).toEqual({
    settings: running,
    refused: [],
    kafkaChanged: false,
    elasticsearchChanged: false,
  });
});

test("changes of address and group are refused with both values, and the rest is accepted", () => {
  const http = { ...running.http, hostname: "0.0.0.0", port: 9090, token: new Secret("t") };
  const wanted = settings({ http, kafka: kafkaSettings({ group: "other" }) });
  const accepted = acceptSettings(running, wanted);
  expect(accepted.settings.http).toEqual({ ...http, hostname: "127.0.0.1", port: 8080 });
  expect(accepted.settings.http.token?.reveal()).toBe("t");
  expect(accepted.settings.kafka).toEqual(running.kafka);
  expect(accepted.kafkaChanged).toBe(false);
  expect(accepted.refused).toEqual([
    'http.hostname cannot change while running: "127.0.0.1" is kept, "0.0.0.0" needs a restart',
    "http.port cannot change while running: 8080 is kept, 9090 needs a restart",
    'kafka.group cannot change while running: "penstock" is kept, "other" needs a restart',
  ]);
});

test("a new certificate is accepted, but TLS is neither switched on nor off", () => {
  const withTls = (tls: { cert: string; key: string } | null) => settings({ http: httpSettings({ tls }) });
  const [one, other] = [
    { cert: "a", key: "b" },
    { cert: "c", key: "d" },
  ];
  const taken = acceptSettings(withTls(one), withTls(other));
  expect(revealed(taken.settings.http.tls)).toEqual(other);
  expect(taken.refused).toEqual([]);
  for (const [was, is, kept] of [
    [one, null, "on"],
    [null, one, "off"],
  ] as const) {
    const { settings: accepted, refused } = acceptSettings(withTls(was), withTls(is));
    expect(revealed(accepted.http.tls)).toEqual(was);
    expect(refused).toEqual([
      `http.tls cannot change while running: "${kept}" is kept, "${kept === "on" ? "off" : "on"}" needs a restart`,
    ]);
  }
});

test("reports which servers' settings changed", () => {
  const kafka = acceptSettings(running, settings({ kafka: kafkaSettings({ brokers: ["127.0.0.1:1"] }) }));
  expect(kafka).toMatchObject({ kafkaChanged: true, elasticsearchChanged: false, refused: [] });
  const nodes = ["http://127.0.0.1:1"];
  const elasticsearch = acceptSettings(
    running,
    settings({ elasticsearch: { ...running.elasticsearch, nodes } }),
  );
  expect(elasticsearch).toMatchObject({ kafkaChanged: false, elasticsearchChanged: true, refused: [] });
  expect(elasticsearch.settings.elasticsearch.nodes).toEqual(nodes);
});
