import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CompressionTypes } from "kafkajs";
import { stringify } from "yaml";
import { freePorts } from "../../infra/stack/process/ports.ts";
import { eventually } from "../support/eventually.ts";
import { writeConfigMap } from "../support/config-map.ts";
import { expectQuick } from "../support/expect-quick.ts";
import { startTestHost } from "../support/host.ts";
import { buildImage, type Image } from "../support/image/build.ts";
import { execInContainer, obstacleToContainers, startContainer } from "../support/image/container.ts";
import { uniqueName } from "../support/kafka.ts";
import { expectEachOffsetOnce, untilGone } from "../support/reload.ts";
import { useStack } from "../support/stack-clients.ts";

/**
 * Builds the container image without a container engine, replaying the Dockerfile step by step, and runs its host like
 * an engine would. Of the base image, only this machine's Bun and the libraries it loads are present.
 */

const top = join(import.meta.dir, "../..");
const obstacle = obstacleToContainers();
if (obstacle !== null) process.stderr.write(`SKIPPED: the container image was not tried: ${obstacle}\n`);

describe.skipIf(obstacle !== null)("the image that the Dockerfile builds", () => {
  let image: Image & AsyncDisposable;
  const servers = useStack();
  beforeAll(async () => {
    image = await buildImage(join(top, "infra/deploy/Dockerfile"), top);
  }, 240_000);
  afterAll(() => image[Symbol.asyncDispose]());

  const filesIn = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(image.root, folder), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => join(parentPath, name));
  };

  test("contains the host and its imports, nothing that only the build needs, and no shell", async () => {
    expect((await readdir(join(image.root, "app"))).toSorted()).toEqual(
      "LICENSE bunfig.toml functions infra lib node_modules package.json tsconfig.json".split(" "),
    );
    const ours = (await filesIn("app")).filter((file) => !file.includes("/node_modules/"));
    expect(ours.filter((file) => /\.(png|log|patch|test\.ts)$|\.env/.test(file))).toEqual([]);
    const theirs = await filesIn("app/node_modules");
    expect(theirs.filter((file) => /\.(map|[cm]?ts)$/.test(file))).toEqual([]);
    expect(theirs.filter((file) => /node_modules\/(typescript|oxlint|fast-check)\//.test(file))).toEqual([]);
    const programs = [...(await filesIn("usr/bin")), ...(await filesIn("usr/local/bin"))];
    expect(programs.map((file) => file.slice(image.root.length)).toSorted()).toEqual(
      ["bin/env", "bin/find", "bin/ln", "local/bin/bun", "local/bin/bunx", "local/bin/penstock"].map(
        (program) => `/usr/${program}`,
      ),
    );
    // The build's leftovers from this machine: registry settings, Bun's cache.
    expect([...(await filesIn("root")), ...(await filesIn("home")), ...(await filesIn("tmp"))]).toEqual([]);

    const bytes = (files: readonly string[]): number =>
      files.reduce((sum, file) => sum + Bun.file(file).size, 0);
    expect(bytes(theirs)).toBeLessThan(30_000_000);
    expect(bytes(ours)).toBeLessThan(4_000_000);
  });

  test("runs as process 1, as an ordinary user without privileges, on a read-only root", async () => {
    const [inFile, inEtcd, swappedIn, key] = [
      uniqueName("image"),
      uniqueName("image"),
      uniqueName("image"),
      uniqueName("key"),
    ];
    const topics = [inFile, inEtcd, swappedIn];
    for (const topic of topics) await servers.kafka.createTopic(topic, 1);
    // Read through etcd's own .proto file, which etcd3 finds in its package.
    await servers.etcd.put(key).value(JSON.stringify([{ topic: inEtcd }]));
    const [port = 0] = await freePorts(1);
    const config = {
      ...servers.config,
      http: { port },
      etcd: { endpoints: servers.addresses.etcdEndpoints, keys: [key] },
      topics: [inFile],
      shutdown: { deadline: "10s" },
    };
    // An engine creates the mount point.
    await mkdir(join(image.root, "etc/penstock"));
    const before = await stateOf(image.root);
    const environment = {
      ...image.environment,
      HOME: "/home/bun",
      PENSTOCK_HEALTH_URL: `http://127.0.0.1:${port}/healthz`,
    };

    await using host = await startTestHost(config, {
      async start(folder) {
        await writeConfigMap(folder, "config.yaml", await readFile(join(folder, "config.yaml"), "utf8"));
        return startContainer({
          ...image,
          environment,
          command: [...image.entrypoint, ...image.arguments],
          mounts: [{ source: folder, target: "/etc/penstock" }],
        });
      },
    });
    const exec = (command: readonly string[]) =>
      execInContainer(host.pid, { ...image, environment, command });

    const status = await readFile(`/proc/${host.pid}/status`, "utf8");
    expect(status).toMatch(/^NSpid:\t\d+\t1$/m);
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
    expect(status).toMatch(/^Gid:\t1000\t1000\t1000\t1000$/m);
    expect(status).toMatch(/^Groups:\t? ?$/m);
    for (const set of ["CapPrm", "CapEff", "CapBnd", "CapAmb"])
      expect(status).toContain(`${set}:\t0000000000000000\n`);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const write =
      'for (const f of ["/tmp/x", "/app/x"]) await Bun.write(f, "x").catch((e) => console.log(e.code))';
    expect((await exec(["bun", "-e", write])).out).toBe("EROFS\nEROFS\n");

    // Two codecs with native libraries, and none: their packages must not unpack anything.
    const codecs = [
      CompressionTypes.None,
      CompressionTypes.Snappy,
      CompressionTypes.LZ4,
      CompressionTypes.ZSTD,
    ];
    for (const topic of [inFile, inEtcd])
      for (const codec of codecs) await servers.kafka.produce(topic, [{ value: `codec ${codec}` }], codec);
    for (const topic of [inFile, inEtcd]) await host.untilIndexed(topic, codecs.length);

    const swap = (...declared: string[]): Promise<void> =>
      writeConfigMap(host.folder, "config.yaml", stringify({ ...config, topics: declared }));
    // Without the watch, the next look at the file would be after 30 s.
    await expectQuick(25_000, async () => {
      await swap(inFile);
      await untilGone(host, swappedIn);
      const swappedAt = performance.now();
      await swap(inFile, swappedIn);
      await host.untilTopic(swappedIn, "runs", ({ state }) => state === "running");
      return performance.now() - swappedAt;
    });
    await servers.kafka.produce(swappedIn, [{ value: "after the swap" }]);
    await host.untilIndexed(swappedIn, 1);

    // Built without any writable folder, not even /tmp.
    const page = await (await host.fetch("/")).text();
    const assets = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");
    expect(assets).toHaveLength(3);
    for (const asset of assets) {
      const answer = await host.fetch(asset);
      expect(answer.status).toBe(200);
      if (asset.endsWith(".js")) expect((await answer.text()).length).toBeGreaterThan(20_000);
    }

    // The exit code is ignored: other tests' indices in the shared Elasticsearch may be unhealthy.
    expect((await exec(["penstock", "doctor"])).out).toContain("3 declarations accepted");

    await eventually("it is healthy", async () => {
      expect(await exec(image.healthCheck)).toEqual({ code: 0, out: "", error: "" });
      return true;
    });
    host.signal("SIGSTOP");
    expect(await exec(image.healthCheck)).toMatchObject({
      code: 1,
      error: expect.stringContaining("no answer within 4 s"),
    });
    host.signal("SIGCONT");

    const toldAt = performance.now();
    expect(await host.stop()).toBe(0);
    expect(performance.now() - toldAt).toBeLessThan(50_000);
    const gone = await startContainer({
      ...image,
      environment,
      command: image.healthCheck,
      stderr: "ignore",
    });
    expect(await gone.exited).toBe(1);

    // As process 1 too, which no signal from inside can end, and without a writable folder.
    const frozen = `import { startWatchdog } from "/app/infra/host/observe/watchdog.ts";
      startWatchdog({ limitMs: 1_000, pretty: false, logger: console });
      setTimeout(() => { for (;;); }, 500);`;
    const hung = await startContainer({ ...image, environment, command: ["bun", "-e", frozen] });
    expect(await new Response(hung.stdout).json()).toMatchObject({
      msg: expect.stringContaining("the event loop is blocked"),
    });
    expect(await hung.exited).toBe(70);

    expect(await stateOf(image.root)).toEqual(before);
    await expectEachOffsetOnce(servers, topics, topics.join(","));
  }, 480_000);
});

/** Kind, owner, size and times of everything in a folder. */
async function stateOf(folder: string): Promise<string[]> {
  const listed = await Bun.$`find ${folder} -printf ${"%P %y %m %U:%G %s %T@ %C@\\n"}`.text();
  return listed.split("\n").toSorted();
}
