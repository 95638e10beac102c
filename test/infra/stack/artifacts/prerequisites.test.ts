import { expect, test } from "bun:test";
import { findPrerequisites, MissingPrerequisites } from "../../../../infra/stack/artifacts/prerequisites.ts";

test("missing programs are listed, with the way to install them", async () => {
  const search = findPrerequisites({ jdk: false, mvn: true, etcd: false }, { PATH: "" });
  const failure = await search.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(MissingPrerequisites);
  expect(String(failure)).toContain("apt-get install maven");
});

test("unneeded programs are not searched", async () => {
  expect(await findPrerequisites({ jdk: false, mvn: false, etcd: false }, { PATH: "" })).toEqual({
    jdkHome: "",
    mvn: "",
    etcd: "",
  });
});
