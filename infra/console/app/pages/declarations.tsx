import { lazily } from "../components/lazily.tsx";

/** What is declared, and changing what of it stands in etcd. */
export const Declarations = lazily(
  async () => (await import("../declarations/declarations-page.tsx")).DeclarationsPage,
);
