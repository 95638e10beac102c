import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** One part of a patch: its reason, and its changes on top of the parts before it. */
export interface PatchPart {
  /** The file name. */
  readonly name: string;
  readonly reason: string;
  /** The issue upstream, or `none known`. */
  readonly upstream: string;
  /** Paths from the top of the repository. */
  readonly tests: readonly string[];
  readonly diff: string;
}

const FIELD = /^(Upstream|Test): (.+)$/;

/** @throws Error that names the missing part */
export function parsePart(name: string, text: string): PatchPart {
  const start = text.search(/^diff --git /m);
  if (start < 0) throw new Error(`${name} changes nothing`);
  const lines = text.slice(0, start).split("\n");
  const fields = lines.flatMap((line) => {
    const [, key = "", value = ""] = FIELD.exec(line) ?? [];
    return key === "" ? [] : [{ key, value }];
  });
  const reason = lines
    .filter((line) => !FIELD.test(line))
    .join("\n")
    .trim();
  const upstream = fields.find(({ key }) => key === "Upstream");
  const tests = fields.filter(({ key }) => key === "Test").map(({ value }) => value);
  if (reason === "") throw new Error(`${name} does not say why`);
  if (upstream === undefined) throw new Error(`${name} does not say whether it is known upstream`);
  if (tests.length === 0) throw new Error(`${name} names no test`);
  return { name, reason, upstream: upstream.value, tests, diff: text.slice(start) };
}

/** Reads the parts of a folder, in the order of their names, in which they are applied. */
export async function readParts(folder: string): Promise<PatchPart[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".patch")).toSorted();
  return Promise.all(names.map(async (name) => parsePart(name, await Bun.file(join(folder, name)).text())));
}

/**
 * Combines all parts into one patch. Applies them to the installed package, after reverting the patch that is applied there.
 * @param installed the package's folder
 * @param current the patch that is applied there
 * @throws Error if a part, or the current patch, does not apply
 */
export async function assemble(
  installed: string,
  current: string,
  parts: readonly PatchPart[],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-patch-"));
  try {
    // Leaves out the package's own dependencies and the installer's mark of the patch.
    const filter = (path: string): boolean => !/^(node_modules$|\.bun-)/.test(basename(path));
    for (const name of (await readdir(installed)).filter(filter))
      await cp(join(installed, name), join(folder, name), { recursive: true, dereference: true });
    await git(folder, ["init", "--quiet"]);
    await apply(folder, "the current patch (run `bun install` first)", current, ["--reverse"]);
    await git(folder, ["add", "--all", "--force"]);
    for (const { name, diff } of parts) await apply(folder, name, diff);
    return await git(folder, ["diff", "--full-index", "--no-color", "--no-ext-diff"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function apply(
  folder: string,
  what: string,
  diff: string,
  options: readonly string[] = [],
): Promise<void> {
  try {
    await git(folder, ["apply", ...options, "-"], diff);
  } catch (error) {
    throw new Error(`${what} does not apply`, { cause: error });
  }
}

/** Runs git without the user's configuration. @throws Error with git's message */
async function git(folder: string, args: readonly string[], input = ""): Promise<string> {
  const child = Bun.spawn(["git", ...args], {
    cwd: folder,
    env: { PATH: process.env["PATH"], GIT_CONFIG_NOSYSTEM: "1", GIT_CONFIG_GLOBAL: "/dev/null" },
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${error.trim()}`);
  return out;
}
