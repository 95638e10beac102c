/**
 * The number of rounds, or the size, of an expensive test: all of it, or the part for `bun run test:unit`, which runs all
 * the time and loads quick.ts.
 */
export function rounds(whole: number, part: number): number {
  return process.env["PENSTOCK_QUICK"] === "1" ? part : whole;
}
