import { expect, test } from "bun:test";
import { judgeConfigAccess } from "../../../../lib/rules/diagnosis/config.ts";

test.each([
  [0o600, null],
  [0o640, null],
  [0o400, null],
  [0o644, "may read it (mode 0644)"],
  [0o620, "may change it (mode 0620)"],
  [0o666, "may read and change it (mode 0666)"],
])("a config file of mode 0%o with secrets: %p", (mode, seen) => {
  const checks = judgeConfigAccess("config.yaml", mode);
  expect(checks).toEqual(
    seen === null
      ? []
      : [
          {
            area: "config",
            name: "config file",
            state: "warning",
            seen: expect.stringContaining(seen),
            remedy: "chmod 600 config.yaml, or keep them in files of their own: ${file:/run/secrets/name}",
          },
        ],
  );
});
