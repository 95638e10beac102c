import { expect, test } from "bun:test";
import { jarFolder, pom } from "../../../../infra/stack/artifacts/maven.ts";

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
