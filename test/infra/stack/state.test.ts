import { expect, test } from "bun:test";
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ZodError } from "zod";
import {
  readState,
  removeState,
  stateFile,
  writeState,
  type StackState,
} from "../../../infra/stack/state.ts";
import { useFolder } from "../../support/folder.ts";

const folder = useFolder();

const state: StackState = {
  pid: process.pid,
  folder,
  startedAt: "2026-01-02T03:04:05.678Z",
  checkout: "/a/checkout",
  kafka: "2.8",
  addresses: {
    brokers: ["127.0.0.1:1"],
    elasticsearchNode: "http://127.0.0.1:2",
    etcdEndpoints: ["http://127.0.0.1:3"],
    logFiles: { kafka: "k.log", elasticsearch: "e.log", etcd: "c.log" },
  },
};

/** The pid of a process that has ended. */
async function deadPid(): Promise<number> {
  const child = Bun.spawn([process.execPath, "--version"], { stdio: ["ignore", "ignore", "ignore"] });
  await child.exited;
  return child.pid;
}

test("a written state is read back, and no temporary file is left", async () => {
  const file = stateFile(join(folder, "written"));
  await writeState(file, state);
  expect(await readState(file)).toEqual(state);
  expect(await readdir(dirname(file))).toEqual(["state.json"]);
});

test("no file means no stack", async () => {
  expect(await readState(stateFile(join(folder, "absent")))).toBeUndefined();
});

test("a stack whose process or folder has ended does not run", async () => {
  const file = stateFile(join(folder, "dead"));
  await writeState(file, { ...state, pid: await deadPid() });
  expect(await readState(file)).toBeUndefined();
  await writeState(file, { ...state, folder: join(folder, "gone") });
  expect(await readState(file)).toBeUndefined();
});

test("only the holder's own state is removed", async () => {
  const file = stateFile(join(folder, "removed"));
  await writeState(file, state);
  await removeState(file, process.pid + 1);
  expect(await readState(file)).toEqual(state);
  await removeState(file, process.pid);
  expect(await readState(file)).toBeUndefined();
});

test("a state in another form is refused", async () => {
  const file = stateFile(join(folder, "broken"));
  await Bun.write(file, '{"pid":"one"}');
  expect(await readState(file).catch((error: unknown) => error)).toBeInstanceOf(ZodError);
});
