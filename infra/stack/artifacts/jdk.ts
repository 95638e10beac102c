import { readdir, readFile, realpath } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../process/error-code.ts";

/** The oldest Java version for the servers: Elasticsearch 9 is compiled for it. */
export const oldestJava = 21;

/** Reads the feature version from a JDK's `release` file (`JAVA_VERSION="25.0.3"`, or `"1.8.0_402"` for 8). */
export function parseRelease(text: string): number | undefined {
  const version = /^JAVA_VERSION="(?:1\.)?(\d+)/m.exec(text)?.[1];
  return version === undefined ? undefined : Number(version);
}

/** The JDKs that were found, in order, and the first that is new enough. */
export interface JdkSearch {
  home: string | undefined;
  seen: readonly { home: string; version: number }[];
}

/** Looks for a JDK in JAVA_HOME, on the PATH, then in the usual folders. A runtime is not enough: the launcher is compiled. */
export async function findJdk(environment: Readonly<Record<string, string | undefined>>): Promise<JdkSearch> {
  const seen: { home: string; version: number }[] = [];
  for (const home of await candidates(environment)) {
    if (seen.some((other) => other.home === home)) continue;
    const version = await jdkVersion(home);
    if (version === undefined) continue;
    seen.push({ home, version });
    if (version >= oldestJava) return { home, seen };
  }
  return { home: undefined, seen };
}

async function candidates(environment: Readonly<Record<string, string | undefined>>): Promise<string[]> {
  const homes: string[] = [];
  if (environment["JAVA_HOME"]) homes.push(environment["JAVA_HOME"]);
  const onPath = Bun.which("java", { PATH: environment["PATH"] ?? "" });
  if (onPath !== null) homes.push(dirname(dirname(await realpath(onPath))));
  for (const name of await entries("/usr/lib/jvm")) homes.push(join("/usr/lib/jvm", name));
  const mac = "/Library/Java/JavaVirtualMachines";
  for (const name of await entries(mac)) homes.push(join(mac, name, "Contents/Home"));
  return homes;
}

async function jdkVersion(home: string): Promise<number | undefined> {
  try {
    if (!(await Bun.file(join(home, "bin/javac")).exists())) return undefined;
    return parseRelease(await readFile(join(home, "release"), "utf8"));
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

async function entries(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

function isAbsence(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR" || code === "EACCES";
}
