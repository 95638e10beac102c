import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createConfigReader } from "../../../../infra/host/reconcile/config-reader.ts";

let folder: string;
let configPath: string;
let token: string;

const configOf = (more: string): string =>
  `kafka: { brokers: ["k:9092"] }\nelasticsearch: { nodes: ["http://e:9200"] }\n${more}\n`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "penstock-reader-"));
  configPath = join(folder, "config.yaml");
  token = join(folder, "token");
  await writeFile(token, "first-token-of-some-length\n");
  await writeFile(configPath, configOf(`http: { token: "\${file:${token}}" }`));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a file's text is in the settings as it is now", async () => {
  const reader = createConfigReader(configPath, {});
  expect(reader.read().settings.http.token?.reveal()).toBe("first-token-of-some-length");
  await writeFile(token, "second-token-of-some-length");
  expect(reader.read().settings.http.token?.reveal()).toBe("second-token-of-some-length");
});

test("what stands still is not parsed again, and fails no later for that", async () => {
  const reader = createConfigReader(configPath, {});
  const first = reader.read();
  expect(reader.read()).toBe(first);
  await writeFile(token, "second-token-of-some-length");
  const second = reader.read();
  expect(second).not.toBe(first);
  expect(reader.read()).toBe(second);
  await unlink(token);
  expect(() => reader.read()).toThrow("which cannot be read (ENOENT)");
});

test("it knows the files that the config names, no others once it names them no more, all while it is broken", async () => {
  const reader = createConfigReader(configPath, {});
  expect([...reader.files]).toEqual([configPath]);
  reader.read();
  expect([...reader.files]).toEqual([configPath, token]);

  await writeFile(token, "");
  expect(() => reader.read()).toThrow(`needs the file ${token}, which is empty`);
  await unlink(token);
  expect(() => reader.read()).toThrow(`needs the file ${token}, which cannot be read (ENOENT)`);
  const ca = join(folder, "ca.pem");
  await writeFile(configPath, configOf(`etcd: { endpoints: ["https://x"], keys: [k], tls: { ca: ${ca} } }`));
  expect(() => reader.read()).toThrow("ENOENT");
  expect([...reader.files]).toEqual([configPath, token, ca]);
  await writeFile(configPath, "}");
  expect(() => reader.read()).toThrow("not YAML");
  expect([...reader.files]).toEqual([configPath, token, ca]);

  await writeFile(configPath, configOf(""));
  reader.read();
  expect([...reader.files]).toEqual([configPath]);
});

test("a secret that was replaced is hidden still: it may be in force, or good elsewhere", async () => {
  const reader = createConfigReader(configPath, {});
  expect(reader.hide("first-token-of-some-length")).toBe("first-token-of-some-length");
  reader.read();
  await writeFile(token, "second-token-of-some-length");
  reader.read();
  await writeFile(configPath, configOf(""));
  reader.read();
  expect(
    reader.hide("first-token-of-some-length, second-token-of-some-length, third-token-of-some-length"),
  ).toBe("(hidden), (hidden), third-token-of-some-length");
});

test("of very many, the newest are hidden", async () => {
  const reader = createConfigReader(configPath, {});
  for (let n = 0; n < 120; n += 1) {
    await writeFile(token, `the-token-number-${n}`);
    reader.read();
  }
  expect(reader.hide("the-token-number-119 the-token-number-30")).toBe("(hidden) (hidden)");
  expect(reader.hide("the-token-number-5")).toBe("the-token-number-5");
});
