import { deadLetters } from "./letters/dead-letters.ts";
import { declarations } from "./declarations.ts";
import { fleet } from "./fleet/fleet.ts";
import { history } from "./history/history.ts";
import { ingest } from "./ingest.ts";
import { kafka } from "./kafka/kafka.ts";
import type { Route, Subject } from "./kit/route.ts";
import { letters } from "./letters/letters.ts";
import { mendings } from "./letters/mending.ts";
import { logs } from "./logs.ts";
import { pages } from "./pages.ts";
import { probes } from "./probes.ts";
import { reconcile } from "./reconcile.ts";
import { session } from "./session.ts";
import { topics } from "./topics.ts";

/** The whole HTTP API. A test compares it with the mounted routes. */
export const subjects: readonly Subject[] = [
  probes,
  topics,
  fleet,
  logs,
  kafka,
  history,
  reconcile,
  declarations,
  deadLetters,
  letters,
  mendings,
  ingest,
  session,
  pages,
];

/** By path. Their order is the order of methods in `Allow`. */
export const routesByPath: ReadonlyMap<string, readonly Route[]> = Map.groupBy(
  subjects.flatMap(({ routes }) => Object.values<Route>(routes)),
  ({ path }) => path,
);
