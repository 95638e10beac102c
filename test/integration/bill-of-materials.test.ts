import { expect, test } from "bun:test";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";

/** Needs no server, but the schema takes half a second to compile. */
test("the bill of materials that the command prints is CycloneDX 1.6, and the same each time", async () => {
  const print = (): string =>
    Bun.spawnSync([
      process.execPath,
      join(import.meta.dir, "../../infra/supply/main.ts"),
      "sbom",
    ]).stdout.toString();
  const text = print();
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6);
  expect(await validator.validate(text)).toBeNull();
  expect(print()).toBe(text);
  expect(await validator.validate(text.replace('"type": "library"', '"type": "bookshelf"'))).not.toBeNull();
});
