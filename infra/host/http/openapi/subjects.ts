import { deadLetters } from "./dead-letters.ts";
import { declarations } from "./declarations.ts";
import { ingest } from "./ingest.ts";
import { logs } from "./logs.ts";
import type { Subject } from "./operation.ts";
import { pages } from "./pages.ts";
import { probes } from "./probes.ts";
import { reconcile } from "./reconcile.ts";
import { session } from "./session.ts";
import { topics } from "./topics.ts";

/** Every route of the app stands in one of them; a test compares them with the app's own. */
export const subjects: readonly Subject[] = [
  probes,
  topics,
  logs,
  reconcile,
  declarations,
  deadLetters,
  ingest,
  session,
  pages,
];
