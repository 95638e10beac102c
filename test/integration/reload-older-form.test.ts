import { expect, test } from "bun:test";
import { stringify } from "yaml";
import { eventually } from "../support/eventually.ts";
import { startTestHost } from "../support/host.ts";
import { uniqueName } from "../support/kafka.ts";
import { untilGone, untilRunning } from "../support/reload.ts";
import { connectStack } from "../support/stack-clients.ts";

/** The older form has no such key, so the host uses its default. */
const HTTP_PORT = 8080;

test("a config file and an etcd value of the older program work unchanged", async () => {
  await using servers = await connectStack();
  const { kafka, elasticsearch, etcd, config: settings } = servers;
  const { etcdEndpoints } = servers.addresses;
  const [fromFile, fromEtcd, later, key] = ["golang_log", "etcd_log", "later_log", "collectlogkey1"].map(
    uniqueName,
  );
  if (!fromFile || !fromEtcd || !later || !key) throw new Error("a name is missing");
  for (const topic of [fromFile, fromEtcd, later]) {
    await kafka.createTopic(topic, 2);
    await kafka.produce(topic, [{ value: `from ${topic}` }]);
  }
  await etcd.put(key).value(`[{"path":"/var/log/etcd.log","topic":"${fromEtcd}"}]`);
  const config = (logs: readonly object[]): string =>
    stringify({
      catsyslog: { logpath: "/var/log/self.log", loglevel: "debug" },
      collectlogs: logs,
      etcdkeys: [key],
      etcdconfig: etcdEndpoints.map((endpoint) => endpoint.replace("http://", "")),
      kafkaconfig: { kafkaaddr: settings.kafka.brokers[0] },
      elasticconfig: { elasticaddr: settings.elasticsearch.nodes[0]?.replace("http://", "") },
    });
  const golang = { logpath: "/var/log/golang.log", logtopic: fromFile };
  await eventually(`port ${HTTP_PORT}, which the older form cannot change, is free`, () => {
    Bun.listen({ hostname: "127.0.0.1", port: HTTP_PORT, socket: { data() {} } }).stop(true);
    return true;
  });

  await using host = await startTestHost(config([golang]));
  expect(host.log().filter(({ msg }) => String(msg).includes("older form"))).toHaveLength(1);
  await untilRunning(host, fromFile, fromEtcd);
  const documentsOf = (topic: string) =>
    eventually(`the document of ${topic} is there`, async () => {
      const documents = await elasticsearch.documents(topic);
      return documents.length === 1 ? documents : null;
    });
  expect(await documentsOf(fromFile)).toMatchObject([
    { _source: { message: `from ${fromFile}`, log: { file: { path: "/var/log/golang.log" } } } },
  ]);
  expect(await documentsOf(fromEtcd)).toMatchObject([
    { _source: { message: `from ${fromEtcd}`, log: { file: { path: "/var/log/etcd.log" } } } },
  ]);

  await host.writeConfig(config([golang, { logpath: "/var/log/later.log", logtopic: later }]));
  await untilRunning(host, later);
  await host.writeConfig(config([golang]));
  await untilGone(host, later);
  await etcd
    .put(key)
    .value(
      `[{"path":"/var/log/etcd.log","topic":"${fromEtcd}"},{"path":"/var/log/later.log","topic":"${later}"}]`,
    );
  await untilRunning(host, later);
  await etcd.put(key).value("[]");
  await Promise.all([untilGone(host, fromEtcd), untilGone(host, later)]);
  expect((await host.topics()).map(({ topic }) => topic)).toEqual([fromFile]);
  await documentsOf(later);
}, 240_000);
