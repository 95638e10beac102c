import { Contrib, Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { PackageURL } from "packageurl-js";
import parseLicence from "spdx-expression-parse";
import type { LockedPackage, Manifest } from "./locked-packages.ts";

const { LicenseFactory } = Contrib.License.Factories;
const { Builders, Factories } = Contrib.FromNodePackageJson;
const components = new Builders.ComponentBuilder(
  new Factories.ExternalReferenceFactory(),
  new LicenseFactory((text) => void parseLicence(text)),
);

/**
 * A CycloneDX 1.6 bill of materials (https://cyclonedx.org/docs/1.6/json/): every package with its version, licence, archive hash
 * and dependencies. Without a time or serial number, so that the same packages give the same text.
 * @param application its package.json
 * @param needs the places of the application's own dependencies
 */
export function billOfMaterials(
  application: Manifest,
  packages: readonly LockedPackage[],
  needs: readonly string[],
): string {
  const bom = new Models.Bom();
  const root = componentOf(application, Enums.ComponentType.Application);
  root.bomRef.value = application.name;
  bom.metadata.component = root;

  const placed = new Map(packages.map((locked) => [locked.place, packageComponent(locked)]));
  for (const { place, dependencies } of packages) {
    const component = placed.get(place);
    for (const needed of dependencies) addDependency(component, placed.get(needed));
    if (component !== undefined) bom.components.add(component);
  }
  for (const place of needs) addDependency(root, placed.get(place));

  const normalizer = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return new Serialize.JsonSerializer(normalizer).serialize(bom, { sortLists: true, space: 2 });
}

function packageComponent({
  place,
  integrity,
  isProduction,
  patch,
  manifest,
}: LockedPackage): Models.Component {
  const component = componentOf(manifest, Enums.ComponentType.Library);
  component.bomRef.value = place;
  component.scope = isProduction ? Enums.ComponentScope.Required : Enums.ComponentScope.Excluded;
  component.purl = new PackageURL(
    "npm",
    component.group,
    component.name,
    component.version,
    undefined,
    undefined,
  ).toString();
  component.hashes.set(Enums.HashAlgorithm["SHA-512"], sha512Of(integrity));
  if (patch !== null) component.properties.add(new Models.Property("penstock:patch", patch));
  return component;
}

function componentOf(manifest: Manifest, type: Enums.ComponentType): Models.Component {
  const component = components.makeComponent(manifest, type);
  if (component === undefined)
    throw new Error(`${manifest.name}: its package.json does not describe a component`);
  return component;
}

function addDependency(from: Models.Component | undefined, to: Models.Component | undefined): void {
  if (from !== undefined && to !== undefined) from.dependencies.add(to.bomRef);
}

/** Returns the hash in hexadecimal. */
function sha512Of(integrity: string): string {
  const [, base64] = /^sha512-([A-Za-z0-9+/]+={0,2})$/.exec(integrity) ?? [];
  if (base64 === undefined) throw new Error(`"${integrity}" in bun.lock is not a sha512 integrity`);
  return Buffer.from(base64, "base64").toString("hex");
}
