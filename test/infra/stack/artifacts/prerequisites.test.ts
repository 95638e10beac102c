import { expect, test } from "bun:test";
import { findPrerequisites, MissingPrerequisites } from "../../../../infra/stack/artifacts/prerequisites.ts";

test("what is missing is said, with the way to install it", async () => {
  const search = findPrerequisites({ jdk: false, mvn: true, etcd: false }, { PATH: "" });
  const failure = await search.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(MissingPrerequisites);
  expect(String(failure)).toContain("apt-get install maven");
});

test("what is not needed is not looked for", async () => {
  expect(await findPrerequisites({ jdk: false, mvn: false, etcd: false }, { PATH: "" })).toEqual({
    jdkHome: "",
    mvn: "",
    etcd: "",
  });
});
