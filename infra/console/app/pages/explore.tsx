import { lazily } from "../components/lazily.tsx";

/** Logs, searched and followed live. */
export const Explore = lazily(async () => (await import("../explore/explore.tsx")).ExplorePage);
