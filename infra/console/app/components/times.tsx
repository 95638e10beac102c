import { clock } from "../clock.ts";
import { clockTime, duration, isoTime, offsetName } from "../format.ts";
import { zone } from "../preferences.ts";
import { useStore } from "../store.ts";

/** An absolute time in the page's zone. */
export function Time({ at, millis = false }: { readonly at: number; readonly millis?: boolean }) {
  const inZone = useStore(zone);
  const title = `${isoTime(at, inZone)} ${offsetName(at, inZone)}`;
  return (
    <time dateTime={isoOf(at)} title={title}>
      {clockTime(at, inZone, clock.get(), { millis })}
    </time>
  );
}

/** How long ago; the time itself is in the title, or beside it. */
export function Age({ since }: { readonly since: number }) {
  const now = useStore(clock);
  const inZone = useStore(zone);
  return (
    <time dateTime={isoOf(since)} title={`since ${isoTime(since, inZone)} ${offsetName(since, inZone)}`}>
      {duration(now - since)}
    </time>
  );
}

function isoOf(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
