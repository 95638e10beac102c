import { mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { exists, type JarSet } from "../artifacts/maven.ts";
import { addKits, kitsHash } from "../artifacts/kits.ts";
import { freePorts } from "../process/ports.ts";
import { createServer, type Server } from "../process/server.ts";
import { memberName, SMALL_JVM, type Environment, type JavaGround } from "../process/ground.ts";

const DEFAULT_VERSION = "9.2.0";
const VERSION_VARIABLE = "PENSTOCK_STACK_ELASTICSEARCH";

/**
 * The version to boot: PENSTOCK_STACK_ELASTICSEARCH, else 9.2.0. Tested with 8.19.5 and 9.2.0. Versions before 8.18 lack what the
 * launcher needs, and for some later ones the HTTP module is not published.
 * @throws Error if the variable is not a version
 */
export function elasticsearchVersion(environment: Environment): string {
  const version = environment[VERSION_VARIABLE] || DEFAULT_VERSION;
  if (/^\d+\.\d+\.\d+$/.test(version)) return version;
  throw new Error(`${VERSION_VARIABLE} is "${version}": it must be a version such as ${DEFAULT_VERSION}`);
}

export interface ElasticsearchServer extends Server {
  /** The URL. */
  readonly node: string;
  /** Removes the data of a stopped server, so that it starts empty. */
  wipe(): Promise<void>;
}

/**
 * The server and its HTTP module. The other modules are not published as jars: two of our own replace the ingest processors, the
 * failure store, and the parts that the index template uses.
 */
export function elasticsearchJars(version: string): JarSet {
  return {
    name: `elasticsearch-${version}-${kitsHash()}`,
    artifacts: [
      `org.elasticsearch:elasticsearch:${version}`,
      `org.elasticsearch.plugin:transport-netty4:${version}`,
    ],
    async arrange(folder, jdkHome) {
      const module = join(folder, "modules/transport-netty4");
      await mkdir(module, { recursive: true });
      const belongsToModule = /^(netty-|transport-netty4-|elasticsearch-ssl-config-)/;
      for (const jar of await readdir(join(folder, "lib"))) {
        if (belongsToModule.test(jar)) await rename(join(folder, "lib", jar), join(module, jar));
      }
      await writeDescriptor(module, `transport-netty4-${version}.jar`, jdkHome);
      await addKits(folder, jdkHome, version);
    },
  };
}

/** The descriptor is in the module's jar. Without its module name it is loaded from the class path, like the server. */
async function writeDescriptor(module: string, jarFile: string, jdkHome: string): Promise<void> {
  const inJar = "META-INF/es-plugins/transport-netty4/plugin-descriptor.properties";
  const jar = Bun.spawn([join(jdkHome, "bin/jar"), "xf", jarFile, inJar], {
    cwd: module,
    stdio: ["ignore", "ignore", "inherit"],
  });
  if ((await jar.exited) !== 0) throw new Error(`cannot read ${inJar} of ${jarFile}`);
  const descriptor = await Bun.file(join(module, inJar)).text();
  await writeFile(join(module, "plugin-descriptor.properties"), descriptor.replace(/^modulename=.*$/m, ""));
  await rm(join(module, "META-INF"), { recursive: true });
}

export interface ElasticsearchOptions {
  /** More settings for elasticsearch.yml. */
  readonly settings: Readonly<Record<string, string>>;
  /** True: without the analysis and the field type of our own module. */
  readonly bare: boolean;
}

/** Creates as many nodes as `ground` has members, without security. */
export async function createElasticsearch(
  ground: JavaGround,
  options: ElasticsearchOptions,
): Promise<ElasticsearchServer[]> {
  const { guard, members } = ground;
  const ports = await freePorts(2 * members, ground.takenPorts);
  const wanted = ground.ports?.elasticsearch;
  const places = Array.from({ length: members }, (_, at): Place => ({
    name: memberName("local", at + 1, members),
    home: join(guard.folder, memberName("elasticsearch", at + 1, members)),
    http: wanted === undefined ? (ports[at] ?? 0) : wanted + at,
    transport: ports[members + at] ?? 0,
  }));
  return Promise.all(places.map((place) => createNode(ground, options, place, places)));
}

/** The folder and ports of one node. */
interface Place {
  name: string;
  home: string;
  http: number;
  transport: number;
}

/** How a node finds the others. `initial_master_nodes` counts only at the very first start. */
function discovery(places: readonly Place[]): string[] {
  if (places.length === 1) return ["discovery.type: single-node"];
  return [
    `discovery.seed_hosts: ${JSON.stringify(places.map(({ transport }) => `127.0.0.1:${transport}`))}`,
    `cluster.initial_master_nodes: ${JSON.stringify(places.map(({ name }) => name))}`,
  ];
}

async function createNode(
  { guard, environment, members, ...ground }: JavaGround,
  { settings, bare }: ElasticsearchOptions,
  place: Place,
  places: readonly Place[],
): Promise<ElasticsearchServer> {
  const { name, home, http, transport } = place;
  const native = join(home, "native");
  await mkdir(home);
  await mkdir(join(home, "config"));
  await mkdir(native);
  await linkZstd(native);
  await writeFile(
    join(home, "config/elasticsearch.yml"),
    [
      "cluster.name: penstock",
      `node.name: ${name}`,
      "network.host: 127.0.0.1",
      `http.port: ${http}`,
      `transport.port: ${transport}`,
      ...discovery(places),
      `path.data: ${JSON.stringify(join(home, "data"))}`,
      `path.logs: ${JSON.stringify(join(home, "logs"))}`,
      "action.destructive_requires_name: false",
      // On a nearly full disk, indices would become read-only.
      "cluster.routing.allocation.disk.threshold_enabled: false",
      ...Object.entries(settings).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
      "",
    ].join("\n"),
  );
  await writeFile(join(home, "config/log4j2.properties"), loggingConfig);
  const node = `http://127.0.0.1:${http}`;
  const server = createServer({
    name: basename(home),
    guard,
    environment,
    command: [
      ...ground.java,
      ...(members === 1 ? ["-Xms512m", "-Xmx1g"] : ["-Xms256m", "-Xmx512m", ...SMALL_JVM]),
      `-Des.nativelibs.path=${native}`,
      // The other native libraries are loaded only if this one is disabled or there.
      "-Dorg.elasticsearch.nativeaccess.enableVectorLibrary=false",
      ...(bare ? ["-Dpenstock.bare=true"] : []),
      // As in the distribution's jvm.options.
      "-Dio.netty.noUnsafe=true",
      "-Dio.netty.noKeySetOptimization=true",
      "--enable-native-access=ALL-UNNAMED",
      "--add-modules=jdk.incubator.vector",
      "-cp",
      join(ground.jars, "lib/*"),
      join(import.meta.dir, "../kits/Launcher.java"),
      home,
      join(ground.jars, "modules"),
    ],
    logFile: `${home}.log`,
    readyWithinMs: 120_000 * members,
    async probe(signal) {
      const response = await fetch(`${node}/_cluster/health?wait_for_status=yellow&timeout=1s`, { signal });
      if (!response.ok) throw new Error(`/_cluster/health answered ${response.status}`);
    },
  });
  return Object.assign(server, {
    node,
    async wipe() {
      if (server.pid !== undefined) throw new Error("Elasticsearch is running: kill it first");
      await rm(join(home, "data"), { recursive: true, force: true });
    },
  });
}

/** The codec `best_compression` needs a native library, which is not in the jars: links the system's own. */
async function linkZstd(folder: string): Promise<void> {
  const places = process.arch === "arm64" ? ["/usr/lib/aarch64-linux-gnu"] : ["/usr/lib/x86_64-linux-gnu"];
  for (const place of [...places, "/usr/lib64", "/usr/lib"]) {
    const library = join(place, "libzstd.so.1");
    if (await exists(library)) return symlink(library, join(folder, "libzstd.so"));
  }
}

/** The distribution's pattern, without the warning that native libraries are missing: they are not published. */
const loggingConfig = `status = error
shutdownHook = disable
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
logger.native.name = org.elasticsearch.nativeaccess.NativeAccess
logger.native.level = error
`;
