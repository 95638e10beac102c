import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { newFolder } from "./folder.ts";

/** Runs a program to its end. */
export async function outputOf(
  program: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string | undefined>> } = {},
) {
  await using child = Bun.spawn([...program], { ...options, stdio: ["ignore", "pipe", "pipe"] });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, error, code };
}

/** Calls `use` with a file that holds this config, in a folder of its own, and removes both. */
export async function withConfigFile<T>(config: object, use: (file: string) => Promise<T>): Promise<T> {
  using folder = newFolder();
  const file = join(folder.path, "config.yaml");
  await writeFile(file, stringify(config));
  return await use(file);
}

/** Runs a command of infra/cli as a process, with this config. */
export function runCommand(
  name: "audit" | "doctor" | "explain" | "replay" | "topics",
  config: object,
  args: readonly string[],
) {
  const command = join(import.meta.dir, `../../infra/cli/${name}.ts`);
  return withConfigFile(config, (file) => outputOf([process.execPath, command, ...args, "--config", file]));
}
