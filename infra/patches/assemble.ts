import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/** One theme of a patch: why it is there, and what it changes after the parts before it. */
export interface PatchPart {
  /** Of its file. */
  readonly name: string;
  readonly reason: string;
  /** Where it is known to those who made the package; `none known` else. */
  readonly upstream: string;
  /** Paths from the top of the repository. */
  readonly tests: readonly string[];
  readonly diff: string;
}

const FIELD = /^(Upstream|Test): (.+)$/;

/** @throws Error naming what is missing */
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

/** Of a folder, in the order they are applied in: that of their names. */
export async function readParts(folder: string): Promise<PatchPart[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".patch")).toSorted();
  return Promise.all(names.map(async (name) => parsePart(name, await Bun.file(join(folder, name)).text())));
}

/**
 * The patch that all parts make together. What they are applied to is the installed package with the patch in force taken back.
 * @param installed the package's folder
 * @param inForce the patch that is applied there
 * @throws Error where a part, or what is in force, does not fit
 */
export async function assemble(
  installed: string,
  inForce: string,
  parts: readonly PatchPart[],
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-patch-"));
  try {
    // Not the package's own dependencies, nor what the installer left to know its patch by.
    const filter = (path: string): boolean => !/^(node_modules$|\.bun-)/.test(basename(path));
    for (const name of (await readdir(installed)).filter(filter))
      await cp(join(installed, name), join(folder, name), { recursive: true, dereference: true });
    await git(folder, ["init", "--quiet"]);
    await apply(folder, "the patch in force (run `bun install` first)", inForce, ["--reverse"]);
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
    throw new Error(`${what} does not fit`, { cause: error });
  }
}

/** Whatever the user's own git is told. @throws Error with what it says where it fails */
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
