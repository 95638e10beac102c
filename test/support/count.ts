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

/** How long a file of tests took. */
export interface FileTime {
  readonly file: string;
  readonly seconds: number;
}

/** Of each file that a JUnit report names. */
export function fileTimes(report: string): FileTime[] {
  return [...report.matchAll(/<testsuite name="([^"]+)" file="\1"[^>]*\stime="([\d.]+)"/g)].map(
    ([, file = "", seconds]) => ({ file, seconds: Number(seconds) }),
  );
}

const SLOWEST = 10;

/** A line each. */
export function describeSlowest(files: readonly FileTime[]): string {
  const slowest = files.toSorted((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  return slowest.map(({ file, seconds }) => `${seconds.toFixed(1).padStart(7)} s  ${file}\n`).join("");
}

/** Of several runs together. */
export function sumCounts(counts: readonly TestCount[]): TestCount {
  const sum = (name: keyof TestCount): number => counts.reduce((total, count) => total + count[name], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

/** `N passed, N failed`, and what was skipped if anything was. */
export function describeCount({ passed, failed, skipped }: TestCount): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

/** How much is kept of what stands before a failed test's line. */
const KEPT_LINES = 30;
const KEPT_WIDTH = 300;

/**
 * What `bun test` prints of each failed test, the end of it at least: of a long run, whoever reads only the last lines
 * would see the names and not the reasons. Tests that run at the same time print into one another's parts.
 */
export class FailureDigest {
  readonly #failures = new Map<string, string>();
  #lines: string[] = [];

  get failures(): readonly string[] {
    return [...this.#failures.values()];
  }

  take(line: string): void {
    if (line.startsWith("(pass)") || line.startsWith("(skip)")) this.#lines = [];
    else if (line.startsWith("(fail)")) {
      // Each is named once more in the summary.
      if (!this.#failures.has(line))
        this.#failures.set(line, [...this.#lines.slice(-KEPT_LINES), line].join("\n"));
      this.#lines = [];
    } else if (line.trim() !== "") this.#lines.push(line.slice(0, KEPT_WIDTH));
  }
}
