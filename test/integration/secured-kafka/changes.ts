import { describe, expect, test } from "bun:test";
import { shownCertificate } from "../../../lib/adapters/system/certificate.ts";
import { eventually } from "../../support/eventually.ts";
import { uniqueName } from "../../support/kafka.ts";
import { PASSWORD } from "../../support/secured-kafka.ts";
import { everythingOf, untilUncut } from "./everything.ts";
import { type Link, type SecuredWorld, WRONG, yesterday } from "./world.ts";

/** Passwords, sessions and certificates that expire while a host runs. */
export function describeChanges(world: SecuredWorld): void {
  const { login, trusting, addressOf, clusterOf, settingsOf, configOf, newTopic, hostOf } = world;
  const [overTls] = world.links as readonly [Link];

  describe("passwords", () => {
    test("a user that does not exist yet is tried rarely, however many topics there are, and works once it exists", async () => {
      const user = uniqueName("late");
      const topics = await Promise.all(Array.from({ length: 10 }, () => newTopic("a record")));
      const before = await world.secured.refusedLogins();
      const begunMs = performance.now();
      /** At once, and 2 to 4 s later; then at growing intervals, each at least twice as long as the one before. */
      const mostTries = (): number =>
        2 + Math.max(0, Math.floor(Math.log2((performance.now() - begunMs) / 3_000)));
      const link: Link = { name: "", to: "SASL", sasl: login("scram-sha-256", PASSWORD, user) };
      const host = await hostOf(configOf(link, topics));
      await eventually("it was refused", async () => (await world.secured.refusedLogins()) > before);
      await Bun.sleep(3_000);
      expect((await world.secured.refusedLogins()) - before).toBeWithin(1, mostTries() + 1);
      await world.secured.setUser("scram-sha-256", user, PASSWORD);
      for (const topic of topics)
        await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 1);
      expect((await world.secured.refusedLogins()) - before).toBeWithin(1, Math.max(4, mostTries()) + 1);
    }, 240_000);

    test.concurrent("a new one is tried before anything changes, and every topic continues with it", async () => {
      const user = uniqueName("rotated");
      const [old, next] = ["the-Old-password", "the-Next-password"];
      const topics = await Promise.all(Array.from({ length: 5 }, () => newTopic("first")));
      await world.secured.setUser("scram-sha-512", user, old);
      const link = (password: string): Link => ({
        name: "",
        to: "SASLTLS",
        tls: trusting,
        sasl: login("scram-sha-512", password, user),
      });
      const config = configOf(link(old), topics);
      const host = await hostOf(config);
      const untilCommitted = async (count: number): Promise<void> => {
        for (const topic of topics)
          await host.untilTopic(topic, `has committed ${count}`, (status) => {
            return status.partitions[0]?.committed === count && status.state === "running";
          });
      };
      await untilCommitted(1);

      const change = (password: string): Promise<void> =>
        host.writeConfig({ ...configOf(link(password), topics), deadLetters: config.deadLetters });
      await change(WRONG);
      const refusal = "the new kafka settings do not work, so the old ones stay";
      await eventually("the wrong one is refused", async () =>
        (await (await host.fetch("/readyz")).text()).includes(refusal),
      );
      await Promise.all(topics.map((topic) => world.secured.kafka.produce(topic, [{ value: "second" }])));
      await untilCommitted(2);

      // The broker may know the new one a little later than the host: it is tried again soon.
      const refused = await world.secured.refusedLogins();
      await change(next);
      await eventually("it is tried", async () => (await world.secured.refusedLogins()) > refused);
      await world.secured.setUser("scram-sha-512", user, next);
      await host.untilReady();
      await Promise.all(topics.map((topic) => world.secured.kafka.produce(topic, [{ value: "third" }])));
      await untilCommitted(3);
      for (const topic of topics) expect(await world.elasticsearch.count(topic)).toBe(3);
      const everything = await everythingOf(host);
      for (const secret of [old, next]) expect(everything).not.toContain(secret);
    }, 360_000);

    test.concurrent("sessions that end after 10 s are renewed: nothing is cut, lost or doubled", async () => {
      const topic = await newTopic();
      const link: Link = { name: "", to: "REAUTH", sasl: login("scram-sha-512") };
      const host = await hostOf({ ...configOf(link, [topic]), log: { level: "debug" } });
      await host.untilTopic(topic, "runs", ({ state }) => state === "running");
      let sent = 0;
      await untilUncut(host, async () => {
        for (const until = Date.now() + 12_000; Date.now() < until; sent += 1) {
          await world.secured.kafka.produce(topic, [{ value: `line ${sent}` }]);
          await Bun.sleep(250);
        }
        await host.untilTopic(topic, "has all", ({ partitions }) => partitions[0]?.committed === sent);
        expect(await world.elasticsearch.count(topic)).toBe(sent);
      });
    }, 240_000);
  });

  test.concurrent("a broker's certificate is renewed while a host runs; new connections report an expired one", async () => {
    const { authority } = world.secured;
    const topic = await newTopic("first");
    const host = await hostOf(configOf(overTls, [topic]));
    await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 1);
    const ask = async (): Promise<unknown> => {
      const cluster = clusterOf(settingsOf(overTls));
      try {
        return (await cluster.listTopics(AbortSignal.timeout(60_000))).has(topic);
      } finally {
        await cluster.close();
      }
    };
    const shown = () => shownCertificate(addressOf(overTls), AbortSignal.timeout(10_000));
    const names = ["127.0.0.1", "localhost"];
    const renew = async (expired: boolean): Promise<void> =>
      world.secured.renew("TLS", await authority.issue("broker", { hosts: names, expired }));

    const before = await shown();
    await renew(false);
    await eventually("it is shown", async () => (await shown())?.validFromMs !== before?.validFromMs);
    expect(await ask()).toBe(true);
    await world.secured.kafka.produce(topic, [{ value: "second" }]);
    await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 2);

    await renew(true);
    await eventually("it is shown", async () => ((await shown())?.validToMs ?? Infinity) < Date.now());
    const says = `the certificate of Kafka at ${addressOf(overTls)} expired on ${yesterday}`;
    // Each of the broker's network threads switches by itself.
    const refusal = () => ask().catch((error: unknown) => (error as Error).message);
    await eventually("new connections are shown it", async () => (await refusal()) === says);
    await renew(false);
    await eventually("a new connection comes about", async () => (await ask()) === true);
    await world.secured.kafka.produce(topic, [{ value: "third" }]);
    await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 3);
  }, 240_000);
}
