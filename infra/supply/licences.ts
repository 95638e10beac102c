import type { LockedPackage } from "./locked-packages.ts";

/**
 * The licences allowed for shipped packages: permissive ones that are compatible with Apache-2.0
 * (https://www.apache.org/legal/resolved.html, category A). To allow another one, add it here.
 */
export const ALLOWED_LICENCES: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
]);

/** Returns the SPDX expression in the manifest, or null if there is none. */
export function licenceOf({ manifest }: LockedPackage): string | null {
  return manifest.license ?? null;
}

/** Groups packages by licence, the most common licence first. */
export function byLicence(packages: readonly LockedPackage[]): [licence: string, packages: string[]][] {
  const groups = Map.groupBy(packages, (locked) => licenceOf(locked) ?? "none stated");
  return [...groups]
    .map(([licence, group]): [string, string[]] => [
      licence,
      group.map(({ name, version }) => `${name} ${version}`).sort(),
    ])
    .sort(([a, mine], [b, others]) => others.length - mine.length || a.localeCompare(b));
}
