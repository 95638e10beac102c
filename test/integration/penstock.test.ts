import { describe, expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { DEVELOPMENT, SHIPPED } from "../../infra/cli/commands.ts";
import manifest from "../../package.json";
import { outputOf } from "../support/command.ts";
import { newFolder } from "../support/folder.ts";

const top = join(import.meta.dir, "../..");
const program = join(top, manifest.bin.penstock);

const env = { ...process.env, PATH: `${join(process.execPath, "..")}:${process.env["PATH"] ?? ""}` };
const run = (command: readonly string[], cwd = top) => outputOf(command, { cwd, env });
const penstock = (...args: string[]) => run([process.execPath, program, ...args]);

describe("penstock", () => {
  test("runs from any folder, as an installed command", async () => {
    using folder = newFolder();
    const installed = join(folder.path, "penstock");
    await symlink(program, installed);
    const { out, error, code } = await run([installed, "doctor", "--help"], folder.path);
    expect({ error, code }).toEqual({ error: "", code: 0 });
    expect(out).toStartWith("Usage: penstock doctor [options]\n");
  }, 240_000);

  test.each(Object.keys(SHIPPED).filter((name) => name !== "version"))(
    "%s --help and help %s say the same",
    async (name) => {
      const [asked, told] = await Promise.all([penstock(name, "--help"), penstock("help", name)]);
      expect(asked).toMatchObject({ code: 0, error: "" });
      expect(asked.out).toStartWith(`Usage: penstock ${name}`);
      expect(told).toEqual(asked);
    },
    240_000,
  );

  test("help of a verb is the verb's", async () => {
    expect((await penstock("help", "topics", "add")).out).toStartWith("Usage: penstock topics add TOPIC ");
  }, 240_000);

  test("--help lists what ships, and what needs a checkout", async () => {
    const { out, code } = await penstock("--help");
    expect(code).toBe(0);
    for (const name of [...Object.keys(SHIPPED), ...Object.keys(DEVELOPMENT)])
      expect(out).toContain(`\n  ${name} `);
  }, 240_000);

  test.each([
    [[], "A command is missing: host, doctor, "],
    [["topcis"], 'Unknown command: topcis (did you mean "topics"?)'],
    [["toString"], "Unknown command: toString (known: host, "],
    [["stack", "up"], "stack needs a checkout of Penstock: bun run stack"],
    [["--config", "x.yaml", "doctor"], "Unknown option: --config (options follow the command)"],
  ])(
    "%j is wrong usage, and says why",
    async (args, message) => {
      const { out, error, code } = await penstock(...args);
      expect({ out, code }).toEqual({ out: "", code: 2 });
      expect(error).toStartWith(message);
      expect(error).toEndWith("Usage: penstock COMMAND [options] (see --help)\n");
    },
    240_000,
  );

  test("passes exit codes and JSON errors through", async () => {
    expect(await penstock("host", "--config", "/nowhere")).toMatchObject({ code: 78 });
    const { error, code } = await penstock("nothing", "--json");
    expect({ code, error: JSON.parse(error) }).toMatchObject({
      code: 2,
      error: { error: { code: "usage" } },
    });
  }, 240_000);

  test("says its version", async () => {
    const [text, json] = await Promise.all([penstock("--version"), penstock("version", "--json")]);
    expect(text.out).toBe(`penstock ${manifest.version} (Bun ${Bun.version})\n`);
    expect(JSON.parse(json.out)).toEqual({ version: manifest.version, bun: Bun.version });
  }, 240_000);
});
