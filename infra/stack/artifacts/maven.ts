import { mkdir, readdir, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGuard } from "../process/guard.ts";
import { lastLines } from "../process/server.ts";

/** Maven's `group:artifact:version`, e.g. `org.apache.kafka:kafka_2.13:4.1.1`. */
export type Coordinates = `${string}:${string}:${string}`;

/** A set of jars: these artifacts and their dependencies. */
export interface JarSet {
  name: string;
  artifacts: readonly Coordinates[];
  /** Arranges the jars as the server expects, once, before the folder becomes visible. */
  arrange?(folder: string, jdkHome: string): Promise<void>;
}

export interface FetchOptions {
  cacheFolder: string;
  jdkHome: string;
  mvn: string;
  environment: Readonly<Record<string, string | undefined>>;
  onBytes?: ((bytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The folder of a set: `lib/` and what `arrange` made. Each set of artifacts has its own. */
export function jarFolder({ name, artifacts }: JarSet, cacheFolder: string): string {
  return join(cacheFolder, "jars", `${name}-${Bun.hash(artifacts.join("\n")).toString(36)}`);
}

/**
 * Downloads the jars unless they exist. Works in a separate folder with its own Maven repository, which is renamed at the end, so
 * that concurrent runs do not collide and an interrupted one leaves nothing behind.
 */
export async function fetchJars(jars: JarSet, options: FetchOptions): Promise<string> {
  const target = jarFolder(jars, options.cacheFolder);
  if (await exists(target)) return target;
  options.signal?.throwIfAborted();
  await using guard = await createGuard(`${target}.${crypto.randomUUID()}.tmp`);
  await writeFile(join(guard.folder, "pom.xml"), pom(jars.artifacts));
  const logFile = join(guard.folder, "maven.log");
  const fetched = join(guard.folder, "fetched");
  // Maven copies the jars from here to `fetched`: only this counts as downloaded.
  const repository = join(guard.folder, "repository");
  const { exited } = await guard.spawn({
    command: [options.mvn, ...mavenArguments(guard.folder, repository, join(fetched, "lib"))],
    environment: { ...options.environment, JAVA_HOME: options.jdkHome },
    logFile,
  });
  const stopMeasuring = measure(repository, options.onBytes);
  const onAbort = (): void => void guard.end();
  options.signal?.addEventListener("abort", onAbort, { once: true });
  const { code } = await exited;
  options.signal?.removeEventListener("abort", onAbort);
  await stopMeasuring();
  options.signal?.throwIfAborted();
  if (code !== 0)
    throw new Error(`Maven could not fetch ${jars.artifacts.join(", ")}:\n${await lastLines(logFile, 20)}`);
  await jars.arrange?.(fetched, options.jdkHome);
  await appear(fetched, target);
  return target;
}

function mavenArguments(folder: string, repository: string, libFolder: string): string[] {
  return [
    "--quiet",
    "--batch-mode",
    "-Dstyle.color=never",
    `--file=${join(folder, "pom.xml")}`,
    `-Dmaven.repo.local=${repository}`,
    "dependency:copy-dependencies",
    `-DoutputDirectory=${libFolder}`,
    "-DincludeScope=runtime",
  ];
}

/** A project that only depends on the artifacts. */
export function pom(artifacts: readonly Coordinates[]): string {
  const dependencies = artifacts.map((coordinates) => {
    const [group, artifact, version] = coordinates.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    "<modelVersion>4.0.0</modelVersion>",
    "<groupId>local</groupId><artifactId>jars</artifactId><version>1</version><packaging>pom</packaging>",
    `<dependencies>\n${dependencies.join("\n")}\n</dependencies>`,
    "</project>\n",
  ].join("\n");
}

/** Reports the size of a folder until the returned function is called. */
function measure(folder: string, onBytes?: (bytes: number) => void): () => Promise<void> {
  if (onBytes === undefined) return () => Promise.resolve();
  const stopped = new AbortController();
  const done = (async () => {
    while (!stopped.signal.aborted) {
      onBytes(await folderBytes(folder));
      await Bun.sleep(250);
    }
  })();
  return () => {
    stopped.abort();
    return done;
  };
}

/** Files may disappear meanwhile: Maven renames finished downloads. */
async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const name of names) {
    const info = await stat(join(folder, name)).catch(() => undefined);
    if (info?.isFile()) bytes += info.size;
  }
  return bytes;
}

async function appear(from: string, to: string): Promise<void> {
  await mkdir(join(to, "../.."), { recursive: true });
  try {
    await rename(from, to);
  } catch (error) {
    // A concurrent run was faster; its folder is complete.
    if (!(await exists(to))) throw error;
  }
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
