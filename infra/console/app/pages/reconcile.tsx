import { lazily } from "../components/lazily.tsx";

/** What the host would do now, and doing it. */
export const Reconcile = lazily(async () => (await import("../reconcile/reconcile-page.tsx")).ReconcilePage);
