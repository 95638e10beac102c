/** How many tests ended how. */
export interface TestCount {
  passed: number;
  failed: number;
  skipped: number;
}

/** Reads the totals from the root element of `bun test`'s JUnit report. Throws if they are not there. */
export function parseJunit(report: string): TestCount {
  const root = /<testsuites\b[^>]*>/.exec(report)?.[0];
  if (root === undefined) throw new Error("the JUnit report has no <testsuites>");
  const attribute = (name: string): number => {
    const value = new RegExp(`\\s${name}="(\\d+)"`).exec(root)?.[1];
    if (value === undefined) throw new Error(`the JUnit report has no count of ${name}: ${root}`);
    return Number(value);
  };
  const failed = attribute("failures");
  const skipped = attribute("skipped");
  return { passed: attribute("tests") - failed - skipped, failed, skipped };
}

/** `N passed, N failed`, and what was skipped if anything was. */
export function describeCount({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
