import { afterEach } from "bun:test";

/** Closes what each test of the file opened, the last first. @returns where to put what closes it */
export function useReleases(): (() => unknown)[] {
  const releases: (() => unknown)[] = [];
  afterEach(async () => {
    for (const release of releases.splice(0).toReversed()) await release();
  });
  return releases;
}
