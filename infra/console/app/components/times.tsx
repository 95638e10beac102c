import { clock } from "../state/clock.ts";
import { clockTime, duration, isoTime, offsetName, timesIn } from "../text/format.ts";
import { visibleText } from "../text/visible-text.ts";
import { zone } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";

/** An absolute time in the page's time zone. */
export function Time({ at, millis = false }: { readonly at: number; readonly millis?: boolean }) {
  const inZone = useStore(zone);
  const title = `${isoTime(at, inZone)} ${offsetName(at, inZone)}`;
  return (
    <time dateTime={isoOf(at)} title={title}>
      {clockTime(at, inZone, clock.get(), { millis })}
    </time>
  );
}

/** A sentence of the host about a server or topic, untrusted; its times are shown as all others of the page. */
export function Told({ text, keep = "" }: { readonly text: string; readonly keep?: string }) {
  return (
    <bdi>
      {timesIn(text).map((piece, at) =>
        at % 2 === 0 ? visibleText(piece, keep) : <Time key={at} at={Date.parse(piece)} />,
      )}
    </bdi>
  );
}

/** How long ago; the time itself is in the title or beside it. */
export function Age({ since }: { readonly since: number }) {
  const now = useStore(clock);
  const inZone = useStore(zone);
  return (
    <time dateTime={isoOf(since)} title={`since ${isoTime(since, inZone)} ${offsetName(since, inZone)}`}>
      {duration(now - since)}
    </time>
  );
}

/** A sentence that says when Kafka may delete the waiting records. */
export function Deletion({ at }: { readonly at: number }) {
  const left = at - useStore(clock);
  return (
    <span class={left < 0 ? "bad" : ""}>
      {left < 0
        ? " Kafka may delete what waits at any moment, since "
        : ` Safe in Kafka for ${duration(left)}, until `}
      <Time at={at} />.
    </span>
  );
}

function isoOf(at: number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}
