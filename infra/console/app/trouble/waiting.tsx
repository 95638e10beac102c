import type { TroubledTopic } from "../../../api/live-messages.ts";
import { Age, Deletion } from "../components/times.tsx";
import { exactCount, plural } from "../text/format.ts";

const NAMED_PARTITIONS = 10;

/** How much waits where, how old it is, and when Kafka deletes it. */
export function Waiting({
  one: { lag, waiting, attempts, oldestAt, deletableAt },
}: {
  readonly one: Pick<TroubledTopic, "lag" | "waiting" | "attempts" | "oldestAt" | "deletableAt">;
}) {
  const named = waiting.slice(0, NAMED_PARTITIONS).join(", ");
  const rest = waiting.length - NAMED_PARTITIONS;
  const where =
    waiting.length === 0
      ? ""
      : ` in ${waiting.length === 1 ? "partition" : "partitions"} ${named}${rest > 0 ? ` and ${rest} more` : ""}`;
  if ((lag ?? 0) === 0 && attempts === 0 && deletableAt === null) return null;
  return (
    <p class="waiting">
      {(lag ?? 0) === 0
        ? null
        : `${exactCount(lag ?? 0)} ${lag === 1 ? "record waits" : "records wait"}${where}. `}
      {oldestAt === null ? null : (
        <>
          The oldest was written <Age since={oldestAt} /> ago.{" "}
        </>
      )}
      {attempts === 0 ? null : `Tried ${plural(attempts, "time")}.`}
      {deletableAt === null ? null : <Deletion at={deletableAt} />}
    </p>
  );
}
