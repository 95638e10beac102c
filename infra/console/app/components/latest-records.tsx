import { lazily } from "./lazily.tsx";

/** The latest records of one topic. */
export const LatestRecords = lazily<{ readonly topic: string }>(
  async () => (await import("../explore/latest.tsx")).Latest,
);
