import { expect, test } from "bun:test";
import { main } from "../../../../infra/cli/topics.ts";
import { withConfigFile } from "../../../support/command.ts";

/** Of a config whose etcd nobody has to answer. */
const config = {
  kafka: { brokers: ["127.0.0.1:1"] },
  elasticsearch: { nodes: ["http://127.0.0.1:1"] },
  etcd: { endpoints: ["http://127.0.0.1:1"], keys: ["collect_log_*", "logs/"] },
};

const topics = (...args: readonly string[]) =>
  withConfigFile(config, async (file) => {
    let error = "";
    const code = await main([...args, "--config", file], {
      environment: {},
      out: () => {},
      error: (text) => void (error += text),
      signal: AbortSignal.timeout(20_000),
      now: () => 0,
      random: () => 0,
    });
    return { code, error };
  });

test.each([
  ["add", "collect_log_*", '"app" was not added: --key collect_log_* is a prefix of etcd.keys'],
  ["remove", "collect_log_*", '"app" was not removed: --key collect_log_* is a prefix of etcd.keys'],
  ["add", "logs/", '--key is "logs/", a prefix'],
  ["remove", "logs/", '--key is "logs/", a prefix'],
])("%s --key %s: a prefix is no key", async (verb, key, reason) => {
  const { code, error } = await topics(verb, "app", "--key", key);
  expect(error).toStartWith(`${reason}: it must be a whole key`);
  expect(code).toBe(key.endsWith("/") ? 2 : 1);
});
