import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fetchJars, jarFolder, pom } from "../../../../infra/stack/artifacts/maven.ts";

test("a pom names every artifact with its parts", () => {
  const text = pom(["org.example:one_2.13:1.0", "org.other:two:2.0"]);
  expect(text).toContain(
    "<groupId>org.example</groupId><artifactId>one_2.13</artifactId><version>1.0</version>",
  );
  expect(text).toContain("<groupId>org.other</groupId><artifactId>two</artifactId><version>2.0</version>");
});

test("each set of artifacts has its own folder", () => {
  const folder = jarFolder({ name: "x", artifacts: ["a:b:1"] }, "/cache");
  expect(folder).toStartWith("/cache/jars/x-");
  expect(jarFolder({ name: "x", artifacts: ["a:b:1"] }, "/cache")).toBe(folder);
  expect(jarFolder({ name: "x", artifacts: ["a:b:2"] }, "/cache")).not.toBe(folder);
});

test("a jar that Maven copies into the set counts once as downloaded", async () => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-maven-test-"));
  try {
    const mvn = join(folder, "mvn");
    const seen = join(folder, "seen");
    const script = `#!/bin/sh
for word; do
  case $word in
    -Dmaven.repo.local=*|-DoutputDirectory=*) mkdir -p "\${word#*=}"; printf 0123456789 > "\${word#*=}/a.jar" ;;
  esac
done
while [ ! -e "${seen}" ]; do sleep 0.02; done
`;
    await writeFile(mvn, script, { mode: 0o755 });
    const counts: number[] = [];
    const jars = { name: "x", artifacts: ["a:b:1"] } as const;
    const environment = { PATH: process.env["PATH"] };
    const fetched = await fetchJars(jars, {
      cacheFolder: folder,
      jdkHome: folder,
      mvn,
      environment,
      onBytes(bytes) {
        counts.push(bytes);
        if (bytes > 0) writeFileSync(seen, "");
      },
    });
    expect(await Bun.file(join(fetched, "lib/a.jar")).text()).toBe("0123456789");
    expect(Math.max(...counts)).toBe(10);
  } finally {
    await rm(folder, { recursive: true });
  }
});
