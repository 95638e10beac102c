import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "bun:test";

/** A new empty folder, removed with its disposal. */
export function newFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "penstock-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A new empty folder, removed after the tests of the file or block that calls this. */
export function useFolder(): string {
  const folder = newFolder();
  afterAll(() => folder[Symbol.dispose]());
  return folder.path;
}
