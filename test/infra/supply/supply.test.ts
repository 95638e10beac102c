import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { billOfMaterials } from "../../../infra/supply/bill-of-materials.ts";
import { ALLOWED_LICENCES, byLicence, licenceOf } from "../../../infra/supply/licences.ts";
import { readLockedPackages } from "../../../infra/supply/locked-packages.ts";
import application from "../../../package.json" with { type: "json" };

const top = join(import.meta.dir, "../../..");
const read = (path: string): string => readFileSync(join(top, path), "utf8");
const packages = await readLockedPackages(top);
const shipped = packages.filter(({ isProduction }) => isProduction);

describe("what is installed", () => {
  test("package.json pins every package, and lists those that only tests need apart", () => {
    const { dependencies, devDependencies } = application;
    const ranges = Object.entries({ ...dependencies, ...devDependencies })
      .filter(([, version]) => !/^(npm:[^@]+@)?\d+\.\d+\.\d+$/.test(version))
      .map(([name, version]) => `${name} ${version}`);
    expect(ranges).toEqual([]);
    const names = new Set(shipped.map(({ name }) => name));
    expect(Object.keys(dependencies).filter((name) => !names.has(name))).toEqual([]);
    expect(names.has("typescript") || names.has("@types/bun")).toBe(false);
  });

  test("every package is pinned in the lock file, comes from the registry and has the hash of its archive", () => {
    const { packages: locked } = Bun.JSONC.parse(read("bun.lock")) as { packages: Record<string, string[]> };
    const loose = Object.values(locked).filter(
      ([, from, , integrity]) => from !== "" || integrity?.startsWith("sha512-") !== true,
    );
    expect(loose).toEqual([]);
    const others = packages.filter(({ version, manifest }) => manifest.version !== version);
    expect(others.map(({ place }) => place)).toEqual([]);
    expect(packages.length).toBeGreaterThan(100);
  });

  test("a dependency is the nearest one in the lock file", () => {
    const find = (wanted: string) => packages.find(({ place }) => place === wanted);
    expect(find("etcd3")?.dependencies).toContain("etcd3/@grpc/proto-loader");
    expect(find("@grpc/grpc-js")?.dependencies).toContain("@grpc/proto-loader");
    expect(find("etcd3/@grpc/proto-loader")?.dependencies).toContain("protobufjs");
    expect(find("etcd3/@grpc/proto-loader")?.name).toBe("@grpc/proto-loader");
    expect(find("kafkajs")?.patch).toBe("infra/patches/kafkajs@2.2.4.patch");
  });

  test("no package runs an install script", () => {
    expect(application).not.toHaveProperty("trustedDependencies");
  });

  test("a release must be three days old", () => {
    const { install } = Bun.TOML.parse(read("bunfig.toml")) as { install: Record<string, unknown> };
    expect(install["exact"]).toBe(true);
    expect(install["minimumReleaseAge"]).toBeGreaterThanOrEqual(3 * 24 * 60 * 60);
  });

  test("CI, the image, README and the types use the same Bun", () => {
    const version = application.devDependencies["@types/bun"];
    for (const file of [".ci/run", "README.md"]) {
      const named = [...read(file).matchAll(/bun@([\w.]+)/g)].map(([, found]) => found);
      expect({ file, named: [...new Set(named)] }).toEqual({ file, named: [version] });
    }
    expect(read("infra/deploy/Dockerfile")).toContain(`oven/bun:${version}-slim`);
    expect(application.engines.bun).toBe(`>=${version}`);
  });
});

describe("licences", () => {
  test("shipped packages have allowed licences", () => {
    const others = shipped.filter((locked) => !ALLOWED_LICENCES.has(licenceOf(locked) ?? ""));
    expect(others.map((locked) => `${locked.place}: ${licenceOf(locked)}`)).toEqual([]);
  });

  test("are listed, the most common one first", () => {
    const listed = byLicence(shipped);
    const counts = listed.map(([, packages]) => packages.length);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(listed.slice(0, 2).map(([licence]) => licence)).toContain("MIT");
    expect(listed.flatMap(([, names]) => names)).toHaveLength(shipped.length);
    expect(new Map(listed).get("ISC")).toContain("yaml 2.9.1");
  });
});

describe("the bill of materials", () => {
  const text = billOfMaterials(application, shipped, Object.keys(application.dependencies));

  test("names every package with its hash, licence, dependencies and patch", () => {
    const bom = JSON.parse(text) as {
      metadata: { component: { "bom-ref": string } };
      components: {
        purl: string;
        hashes: { content: string }[];
        licenses: unknown[];
        properties?: unknown[];
      }[];
      dependencies: { ref: string; dependsOn?: string[] }[];
    };
    expect(bom.components).toHaveLength(shipped.length);
    const kafkajs = bom.components.find(({ purl }) => purl === "pkg:npm/kafkajs@2.2.4");
    expect(kafkajs?.licenses).toEqual([{ license: expect.objectContaining({ id: "MIT" }) }]);
    expect(kafkajs?.hashes[0]?.content).toMatch(/^[0-9a-f]{128}$/);
    expect(kafkajs?.properties).toContainEqual({
      name: "penstock:patch",
      value: "infra/patches/kafkajs@2.2.4.patch",
    });
    const ours = bom.dependencies.find(({ ref }) => ref === bom.metadata.component["bom-ref"]);
    expect(ours?.dependsOn?.toSorted()).toEqual(Object.keys(application.dependencies).toSorted());
    expect(bom.components.map(({ purl }) => purl)).toContain("pkg:npm/%40grpc/proto-loader@0.7.15");
  });
});
