import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { parse } from "yaml";
import { z } from "zod";
import { version } from "../../package.json";
import { readTop, top } from "../support/markdown.ts";

describe("the version of package.json", () => {
  test("is the image's label and the manifests' tag", () => {
    const { images } = z
      .object({ images: z.array(z.object({ name: z.string(), newTag: z.string() })) })
      .parse(parse(readTop("infra/deploy/kubernetes/base/kustomization.yaml")));
    expect(images).toEqual([{ name: "penstock", newTag: version }]);
    expect(readTop("infra/deploy/Dockerfile")).toContain(`org.opencontainers.image.version="${version}"`);
  });

  test("has a place in the changelog", () => {
    const [first] = [...readTop("CHANGELOG.md").matchAll(/^## \[([^\]]+)\]/gm)].map(([, name]) => name);
    expect(["Unreleased", version]).toContain(first ?? "none");
  });
});

test("the workflow runs .ci/run, may only read, and pins its actions by commit", () => {
  const workflow = z
    .object({
      permissions: z.record(z.string(), z.string()),
      jobs: z.record(
        z.string(),
        z.object({ steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })) }),
      ),
    })
    .parse(parse(readTop(".github/workflows/ci.yml")));
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
  expect(workflow.permissions).toEqual({ contents: "read" });
  expect(steps.map(({ run }) => run)).toContain(".ci/run");
  for (const { uses } of steps.filter((step) => step.uses !== undefined)) {
    expect(uses).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  }
});

test("what people are shown names commands as `penstock COMMAND`, which needs no checkout", () => {
  const inCheckout = /^infra\/(bench|demo|patches|stack|supply)\//;
  const isComment = /^\s*(\*|\/\*|\/\/)/;
  const found = [...new Glob("{lib,functions,infra}/**/*.{ts,tsx,json,ndjson,yaml}").scanSync(top)].filter(
    (path) =>
      !inCheckout.test(path) &&
      readTop(path)
        .split("\n")
        .some((line) => line.includes("bun run") && !isComment.test(line)),
  );
  // These tell what a checkout has.
  expect(found.toSorted()).toEqual([
    "infra/cli/help.ts",
    "infra/cli/kit/help-text.ts",
    "infra/cli/schema.ts",
    "infra/penstock/main.ts",
  ]);
});
