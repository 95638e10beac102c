import { describe, expect, test } from "bun:test";
import { WITH_HELP } from "../../infra/cli/commands.ts";
import { scripts } from "../../package.json";
import { startPiped } from "../support/terminal.ts";

/** Each command with a help; the demo's script would install first. */
const commands = WITH_HELP.filter((name) => name !== "demo");
const commandOf = (name: string): string[] => {
  const [, file = ""] = /^bun (\S+)$/.exec(new Map(Object.entries(scripts)).get(name) ?? "") ?? [];
  return [process.execPath, file, "--help"];
};

describe.each(commands)("%s", (name) => {
  test("whose reader is gone ends quietly, with its result", async () => {
    await using command = startPiped(commandOf(name));
    await command.closeOutput();
    expect([await command.exited, command.shown()]).toEqual([0, ""]);
  }, 240_000);

  test("on a full disk says so, and fails", async () => {
    await using command = startPiped(commandOf(name), { output: Bun.file("/dev/full") });
    expect([await command.exited, command.shown()]).toEqual([
      1,
      "standard output could not be written: ENOSPC: no space left on device, write\n",
    ]);
  }, 240_000);
});
