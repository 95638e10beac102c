import type { LockedPackage } from "./locked-packages.ts";

/**
 * What a package that is shipped may be licensed under: permissive licences, which Apache-2.0 may stand beside
 * (https://www.apache.org/legal/resolved.html, category A). Another one is a decision, made here.
 */
export const ALLOWED_LICENCES: ReadonlySet<string> = new Set([
  "0BSD",
  "Apache-2.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "ISC",
  "MIT",
]);

/** The SPDX expression a package states, or null where it states none. */
export function licenceOf({ manifest }: LockedPackage): string | null {
  return manifest.license ?? null;
}

/** Packages by licence: the most common one first, their names in order. */
export function byLicence(packages: readonly LockedPackage[]): [licence: string, packages: string[]][] {
  const groups = Map.groupBy(packages, (locked) => licenceOf(locked) ?? "none stated");
  return [...groups]
    .map(([licence, group]): [string, string[]] => [
      licence,
      group.map(({ name, version }) => `${name} ${version}`).sort(),
    ])
    .sort(([a, mine], [b, others]) => others.length - mine.length || a.localeCompare(b));
}
