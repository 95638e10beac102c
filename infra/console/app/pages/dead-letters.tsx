import { lazily } from "../components/lazily.tsx";

/** What was refused, and bringing it back. */
export const DeadLetters = lazily(
  async () => (await import("../dead-letters/dead-letters-page.tsx")).DeadLettersPage,
);
