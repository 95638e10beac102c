import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { openApiDocument } from "../../infra/host/http/kit/openapi.ts";
import { subjects } from "../../infra/api/subjects.ts";
import { parseConfig } from "../../lib/rules/config/config.ts";
import { fingerprintOf } from "../../lib/rules/secrets/fingerprint.ts";
import { createAuthority, type TestAuthority } from "../support/certificates.ts";
import { freePort } from "../support/etcd-server.ts";
import { eventually } from "../support/eventually.ts";
import { useFolder } from "../support/folder.ts";
import { uniqueName } from "../support/kafka.ts";
import { useStack } from "../support/stack-clients.ts";

/** Unmistakable, and changed by every encoding. */
const secretOf = (name: string): string => `${name} s3cr3t/+?&"${name}"`;
const secrets = {
  token: "tok3n-s3cr3t/+?&:token",
  kafka: secretOf("kafka"),
  apiKey: "YXBpLWtleS1pZDphcGkta2V5LXMzY3IzdA==",
  elasticsearch: secretOf("elasticsearch"),
  etcd: secretOf("etcd"),
} as const;
const user = "penstock-user";

const servers = useStack();
let authority: TestAuthority;
const folder = useFolder();
let key: { readonly certFile: string; readonly keyFile: string; readonly key: string };
beforeAll(async () => {
  authority = await createAuthority();
  key = await authority.issue("client");
});
afterAll(() => authority[Symbol.asyncDispose]());

/** Strings that must appear nowhere: every secret in plain and encoded form, and the lines of the key. */
function forbidden(): string[] {
  const logins = [secrets.kafka, secrets.elasticsearch, secrets.etcd].flatMap((text) => [
    `${user}:${text}`,
    `\0${user}\0${text}`,
  ]);
  const forms = [...Object.values(secrets), ...logins, key.key].flatMap((text) => [
    text,
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    new URLSearchParams({ "": text }).toString().slice(1),
    Buffer.from(text).toString("base64").replaceAll("=", ""),
    Buffer.from(text).toString("base64url"),
  ]);
  const lines = key.key.split("\n").filter((line) => line.length > 16 && !line.startsWith("-"));
  return [...forms, ...lines];
}

function expectNoSecret(shown: ReadonlyMap<string, string>, more: readonly string[] = []): void {
  const found = [...shown].flatMap(([where, text]) =>
    [...forbidden(), ...more].filter((form) => text.includes(form)).map((form) => `${where}: ${form}`),
  );
  expect(found).toEqual([]);
}

/** Quotes the request's headers in its refusal, as a proxy may. */
function createEcho() {
  let asked = 0;
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      asked += 1;
      const reason = `refused: ${request.headers.get("authorization")}`;
      return Response.json({ error: { type: "security_exception", reason } }, { status: 401 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked: () => asked,
    [Symbol.dispose]: () => void server.stop(true),
  };
}

/** Runs a program of this project with a config, and keeps its output. */
function run(program: string, configFile: string, ...args: string[]) {
  const child = Bun.spawn([process.execPath, program, ...args, "--config", configFile], {
    cwd: join(import.meta.dir, "../.."),
    env: { ...process.env, KAFKA_PASSWORD: secrets.kafka, PUT_IN_THE_WRONG_PLACE: secrets.kafka },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = { out: "", error: "" };
  const keep = async (stream: ReadableStream<Uint8Array>, as: keyof typeof said) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) said[as] += decoder.decode(chunk, { stream: true });
  };
  const ended = Promise.all([keep(child.stdout, "out"), keep(child.stderr, "error"), child.exited]);
  return {
    said,
    ended,
    stop: () => child.kill("SIGTERM"),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** Answers including headers, by request; a stream is read for a moment. */
async function askEverything(url: string, shown: Map<string, string>): Promise<void> {
  const { paths } = openApiDocument(subjects) as { paths: Record<string, Record<string, unknown>> };
  const tokens = { right: secrets.token, wrong: `${secrets.token}x`, none: null };
  const asked = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).flatMap((method) =>
      Object.entries(tokens).map(async ([kind, token]) => {
        const target = new URL(path.replaceAll(/\{\w+\}/g, "x"), url);
        const headers = {
          ...(token !== null && { authorization: `Bearer ${token}` }),
          "content-type": "application/json",
        };
        const body = ["get", "head", "delete"].includes(method) ? null : JSON.stringify({ token });
        const answer = await fetch(target, { method, headers, ...(body !== null && { body }) });
        const text = await textWithin(answer, 300);
        shown.set(`${method} ${path}, ${kind} token`, `${JSON.stringify([...answer.headers])}${text}`);
        return answer.status;
      }),
    ),
  );
  const statuses = await Promise.all(asked);
  // With the right token most requests are admitted, with the others few.
  expect(statuses.filter((status) => status === 401).length).toBeGreaterThan(20);
  expect(statuses.filter((status) => status < 300).length).toBeGreaterThan(10);
}

async function textWithin(answer: Response, ms: number): Promise<string> {
  let text = "";
  const reader = answer.body?.getReader();
  if (reader === undefined) return text;
  const timer = setTimeout(() => void reader.cancel(), ms);
  const decoder = new TextDecoder();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  clearTimeout(timer);
  return text;
}

const written = (config: object): string => stringify(config, { aliasDuplicateObjects: false });
const http = (fileOf: (name: string) => string) => ({ port: 0, token: fileOf("token") });

interface World {
  /** A reconcile run takes 10 s if Kafka is unreachable, so not every case does one. */
  readonly brokenConfigs: number;
  readonly configOf: (echo: string, closed: number, fileOf: (name: string) => string) => object;
}

/** Servers that refuse, and servers that are unreachable: together they reach the place of every secret. */
const worlds: readonly [string, World][] = [
  [
    "servers that refuse",
    {
      brokenConfigs: Infinity,
      configOf: (echo, _closed, fileOf) => ({
        http: http(fileOf),
        kafka: {
          brokers: servers.config.kafka.brokers,
          group: uniqueName("leak"),
          sasl: { mechanism: "plain", username: user, password: "${KAFKA_PASSWORD}" },
        },
        elasticsearch: { nodes: [echo], auth: { apiKey: fileOf("apiKey") } },
        etcd: {
          endpoints: servers.addresses.etcdEndpoints,
          keys: ["leak/"],
          auth: { username: user, password: fileOf("etcd") },
        },
      }),
    },
  ],
  [
    "servers that are away",
    {
      brokenConfigs: 0,
      configOf: (_echo, closed, fileOf) => {
        const tls = { ca: authority.caFile, cert: key.certFile, key: key.keyFile };
        return {
          http: http(fileOf),
          kafka: {
            brokers: [`127.0.0.1:${closed}`],
            ssl: tls,
            sasl: { mechanism: "scram-sha-512", username: user, password: secrets.kafka },
          },
          elasticsearch: {
            nodes: [`https://127.0.0.1:${closed}`],
            tls,
            auth: { username: user, password: fileOf("elasticsearch") },
          },
          etcd: {
            endpoints: [`https://localhost:${closed}`],
            keys: ["leak/"],
            tls,
            auth: { username: user, password: fileOf("etcd") },
          },
        };
      },
    },
  ],
];

describe("no secret is in any output, file or answer, with", () => {
  test.each(worlds)(
    "%s",
    async (_, { brokenConfigs, configOf }) => {
      using echo = createEcho();
      const fileOf = (name: string): string => `\${file:${join(folder, name)}}`;
      for (const [name, text] of Object.entries(secrets)) await writeFile(join(folder, name), `${text}\n`);
      const config = {
        ...configOf(echo.url, await freePort(), fileOf),
        topics: [uniqueName("leak"), { pattern: "leak-*" }],
        // At this level, errors are logged with stacks, and kafkajs logs too.
        log: { level: "trace" },
      };
      const configFile = join(folder, `${uniqueName("config")}.yaml`);
      const good = written(config);
      await writeFile(configFile, good);
      const environment = { KAFKA_PASSWORD: secrets.kafka };
      const { settings } = parseConfig(good, {
        file: configFile,
        environment,
        readFile: (path) => readFileSync(path, "utf8"),
      });
      const shown = new Map<string, string>();

      await using host = run("infra/host/main.ts", configFile);
      const { said } = host;
      const url = await eventually("the host answers", () => /"url":"([^"]+)"/.exec(said.out)?.[1]);
      await eventually("Elasticsearch, Kafka or etcd was found wanting", async () => {
        const headers = { authorization: `Bearer ${secrets.token}` };
        const body = await (await fetch(new URL("/readyz", url), { headers })).text();
        shown.set("/readyz", body);
        return (body.match(/"ok":false/g)?.length ?? 0) >= 2;
      });
      await askEverything(url, shown);
      const query = new URLSearchParams({ token: secrets.token }).toString();
      for (const path of [`/topics?${query}`, `/nothing?${query}`])
        shown.set(path.split("?")[0] ?? "", await (await fetch(new URL(path, url))).text());

      // Broken in every way that has a secret near the fault.
      const broken = [
        written({ ...config, http: { port: 0, token: [secrets.token] } }),
        written({ ...config, kafka: { brokers: ["${PUT_IN_THE_WRONG_PLACE}", fileOf("etcd")] } }),
        written({ ...config, topics: ["${PUT_IN_THE_WRONG_PLACE}"], log: { level: fileOf("token") } }),
        written({
          ...config,
          elasticsearch: { nodes: [`http://${user}:${encodeURIComponent(secrets.kafka)}@e`] },
        }),
        `${good}\nhttp: { token: '${secrets.token}`,
        good.replace("username: ", `password: ${JSON.stringify(secrets.kafka)}\n    username: `),
      ].slice(0, brokenConfigs);
      const files = broken.map((_, n) => join(folder, `${uniqueName("broken")}-${n}.yaml`));
      for (const [n, text] of broken.entries()) {
        await Promise.all([writeFile(configFile, text), writeFile(files[n] ?? "", text)]);
        const headers = { authorization: `Bearer ${secrets.token}` };
        const reconcile = await fetch(new URL("/reconcile", url), { method: "POST", headers });
        const body = await reconcile.text();
        expect(body).toContain('"config":{"ok":false');
        shown.set(`/reconcile, broken config ${n}`, body);
        shown.set(
          `/readyz, broken config ${n}`,
          await (await fetch(new URL("/readyz", url), { headers })).text(),
        );
      }
      host.stop();

      await writeFile(configFile, good);
      const commands: [file: string, program: string, ...args: string[]][] = [
        [configFile, "doctor"],
        [configFile, "doctor", "--json"],
        [configFile, "topics", "list"],
        [configFile, "audit", "--json"],
        [configFile, "replay", "--dry-run"],
        ...files.map((file, n): [string, string, ...string[]] =>
          n % 2 === 0 ? [file, "doctor", "--json"] : [file, "topics", "list"],
        ),
      ];
      await Promise.all([
        host.ended,
        ...commands.map(async ([file, name, ...args]) => {
          await using command = run(`infra/cli/${name}.ts`, file, ...args);
          await command.ended;
          const all = `${command.said.out}${command.said.error}`;
          expect(all).not.toBe("");
          shown.set([name, ...args, file].join(" "), all);
        }),
      ]);
      shown.set("the host's standard output", said.out);
      shown.set("the host's standard error", said.error);
      expect(said.out).toContain("stopped");
      expectNoSecret(shown, [fingerprintOf(settings.kafka), fingerprintOf(settings.etcd)]);
    },
    480_000,
  );
});
