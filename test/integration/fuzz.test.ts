import { expect, test } from "bun:test";
import { fuzzConfig } from "../support/fuzz/config.ts";
import { fuzzEtcd } from "../support/fuzz/etcd.ts";
import { fuzzRecords } from "../support/fuzz/records.ts";

/** The same seed every time; `bun run fuzz` runs others, including the large cases. */
const SEED = 20_261_125;

test.each([
  ["config files", fuzzConfig, 30],
  ["etcd values", fuzzEtcd, 60],
  ["records", fuzzRecords, 60],
] as const)(
  "hostile %s: each is taken, refused or rejected as it should be",
  (_, fuzz, cases) => {
    const { failure, cases: ran } = fuzz({ seed: SEED, cases, drawnOnly: true });
    expect(failure).toBeNull();
    expect(ran).toBe(cases);
  },
  240_000,
);
