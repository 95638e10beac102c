/**
 * Of a test of many rounds, or of something large: all of it, or the part that `bun run test:unit` does, which is run all
 * the time and loads quick.ts.
 */
export function rounds(whole: number, part: number): number {
  return process.env["PENSTOCK_QUICK"] === "1" ? part : whole;
}
