import { expect, test } from "bun:test";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findJdk, oldestJava, parseRelease } from "../../../../infra/stack/artifacts/jdk.ts";
import { useFolder } from "../../../support/folder.ts";

const folder = useFolder();

async function fakeJdk(name: string, version: string, program = "javac"): Promise<string> {
  const home = join(folder, name);
  await mkdir(join(home, "bin"), { recursive: true });
  await Bun.write(
    join(home, "release"),
    `IMPLEMENTOR="Someone"\nJAVA_VERSION="${version}"\nJAVA_VERSION_DATE="2026-04-21"\n`,
  );
  for (const file of ["java", program])
    await writeFile(join(home, "bin", file), "#!/bin/sh\n", { mode: 0o755 });
  return home;
}

test.each([
  ['JAVA_VERSION="25.0.3"', 25],
  ['JAVA_VERSION="21"', 21],
  ['JAVA_VERSION="22-ea"', 22],
  ['JAVA_VERSION="1.8.0_402"', 8],
  ['IMPLEMENTOR="x"\nJAVA_VERSION="17.0.15"\n', 17],
])("the version in %j is %d", (text, version) => {
  expect(parseRelease(text)).toBe(version);
});

test("a release file without a version has none", () => {
  expect(parseRelease('IMPLEMENTOR="x"\nJAVA_VERSION_DATE="2026-04-21"')).toBeUndefined();
});

test("JAVA_HOME comes first if it is new enough", async () => {
  const home = await fakeJdk("home-21", "21.0.1");
  const onPath = await fakeJdk("path-25", "25.0.1");
  expect(await findJdk({ JAVA_HOME: home, PATH: join(onPath, "bin") })).toEqual({
    home,
    seen: [{ home, version: 21 }],
  });
});

test("instead of an old JAVA_HOME, the java on the PATH is used, also through links", async () => {
  const old = await fakeJdk("home-17", "17.0.15");
  const recent = await fakeJdk("linked-25", "25.0.1");
  await mkdir(join(folder, "bin"), { recursive: true });
  await symlink(join(recent, "bin/java"), join(folder, "bin/java"));
  const { home, seen } = await findJdk({ JAVA_HOME: old, PATH: join(folder, "bin") });
  expect(home).toBe(recent);
  expect(seen).toEqual([
    { home: old, version: 17 },
    { home: recent, version: 25 },
  ]);
});

test("a runtime without a compiler and a missing JAVA_HOME are not used", async () => {
  const runtime = await fakeJdk("jre-25", "25.0.1", "keytool");
  for (const home of [runtime, join(folder, "absent")]) {
    const search = await findJdk({ JAVA_HOME: home, PATH: "" });
    expect(search.home).not.toBe(home);
    expect(search.seen.map((jdk) => jdk.home)).not.toContain(home);
    if (search.home !== undefined) expect(search.seen.at(-1)?.version).toBeGreaterThanOrEqual(oldestJava);
  }
});
