import { useState } from "../hooks/hooks.ts";
import type { ReadRecordsResult } from "../../../../functions/read-records.ts";
import { gapWords } from "../../../../lib/rules/inspection/entries.ts";
import type { ShownEntry, ShownGap, ShownRecord } from "../../../../lib/rules/inspection/shown-record.ts";
import { Hostile } from "../components/hostile.tsx";
import { Time } from "../components/times.tsx";
import { hrefWith, navigate, usePlace } from "../state/router.ts";
import { useAnswer } from "../state/use-answer.ts";
import { exactCount } from "../text/format.ts";
import { Explanation } from "./explanation.tsx";
import { RecordView } from "./record-view.tsx";
import { Failed } from "../parts/failed.tsx";

const pageEntries = 20;
/** Characters of a key and a value in the list. */
const shownLength = 160;

/** The records of one partition, from an offset or a time; the address is the state. */
export function Records({ topic }: { readonly topic: string }) {
  const place = usePlace();
  const partition = place.query.get("partition") ?? "0";
  const [offset, from] = ["offset", "from"].map((name) => place.query.get(name) ?? "");
  const asked = new URLSearchParams({ topic, partition, limit: String(pageEntries) });
  if (offset !== undefined && offset !== "") asked.set("offset", offset);
  else if (from !== undefined && from !== "") asked.set("from", from);
  const { data, error, loading, again } = useAnswer<ReadRecordsResult>(`/records?${asked.toString()}`);
  return (
    <>
      <h1>
        <a href="/ui/kafka">Kafka</a> › <Hostile text={topic} />
      </h1>
      <PlaceForm key={place.query.toString()} partition={partition} offset={offset ?? ""} from={from ?? ""} />
      {error === null ? null : <Failed error={error} again={again} />}
      {data === null ? (
        loading ? (
          <p class="muted">Loading…</p>
        ) : null
      ) : (
        <>
          <Steps data={data} onNewest={again} />
          {data.entries.length === 0 ? (
            <p>Nothing lies here: the log is empty.</p>
          ) : (
            <ol class="plain-list entries">
              {data.entries.map((entry) => (
                <Entry key={placeOf(entry)} entry={entry} topic={topic} partition={data.partition} />
              ))}
            </ol>
          )}
        </>
      )}
    </>
  );
}

/** Where to look. An offset goes before a time. */
function PlaceForm(start: { readonly partition: string; readonly offset: string; readonly from: string }) {
  const place = usePlace();
  const go = (event: Event): void => {
    event.preventDefault();
    if (!(event.target instanceof HTMLFormElement)) return;
    const given = new FormData(event.target);
    const word = (name: string): string => {
      const value = given.get(name);
      return typeof value === "string" ? value.trim() : "";
    };
    navigate(
      hrefWith(place, {
        partition: word("partition"),
        offset: word("offset"),
        from: word("offset") === "" ? word("from") : null,
        open: null,
      }),
    );
  };
  return (
    <form class="bar" onSubmit={go}>
      <label>
        Partition <input name="partition" inputmode="numeric" size={4} value={start.partition} />
      </label>
      <label>
        Offset <input name="offset" inputmode="numeric" size={12} value={start.offset} placeholder="newest" />
      </label>
      <label>
        or time <input name="from" size={22} value={start.from} placeholder="now-1h" />
      </label>
      <button type="submit">Show</button>
    </form>
  );
}

function Steps({ data, onNewest }: { readonly data: ReadRecordsResult; readonly onNewest: () => void }) {
  const place = usePlace();
  const { logStart, highWatermark, lastStableOffset, entries, next } = data;
  const [head] = entries;
  const first = head === undefined ? logStart : head.kind === "record" ? head.offset : head.from;
  const to = (offset: number): string => hrefWith(place, { offset: String(offset), from: null, open: null });
  const isNewest = place.query.get("offset") === null && place.query.get("from") === null;
  return (
    <div class="bar">
      {first > logStart ? <a href={to(Math.max(logStart, first - pageEntries))}>← Older</a> : null}
      {next < highWatermark ? <a href={to(next)}>Newer →</a> : null}
      {isNewest ? (
        <button type="button" onClick={onNewest}>
          Refresh
        </button>
      ) : (
        <a href={hrefWith(place, { offset: null, from: null, open: null })}>Newest</a>
      )}
      <span class="muted">
        {logStart < highWatermark
          ? `Kafka keeps offsets ${exactCount(logStart)} to ${exactCount(highWatermark - 1)}`
          : "Kafka keeps no offsets"}
        {lastStableOffset < highWatermark
          ? `; from ${exactCount(lastStableOffset)} on, a transaction is open`
          : ""}
      </span>
    </div>
  );
}

function placeOf(entry: ShownEntry): number {
  return entry.kind === "record" ? entry.offset : entry.from;
}

interface EntryProps {
  readonly topic: string;
  readonly partition: number;
}

function Entry({ entry, ...of }: EntryProps & { readonly entry: ShownEntry }) {
  return (
    <li>{entry.kind === "gap" ? <Gap gap={entry} {...of} /> : <RecordEntry record={entry} {...of} />}</li>
  );
}

function Gap({ gap: { from, end, why, detail }, topic, partition }: EntryProps & { readonly gap: ShownGap }) {
  const [asked, ask] = useState(false);
  return (
    <>
      <p class="muted">
        {exactCount(from)}
        {end - from > 1 ? ` to ${exactCount(end - 1)}` : ""}: {gapWords[why]}
        {detail === null ? null : (
          <>
            : <Hostile text={detail} />
          </>
        )}{" "}
        <button
          type="button"
          class="plain"
          aria-expanded={asked ? "true" : "false"}
          onClick={() => ask(!asked)}
        >
          Why is it not in the index?
        </button>
      </p>
      {asked ? <Explanation topic={topic} partition={partition} offset={from} /> : null}
    </>
  );
}

function RecordEntry({ record, topic, partition }: EntryProps & { readonly record: ShownRecord }) {
  const place = usePlace();
  const { offset, timestampMs, timestamp, key, value } = record;
  const isOpen = place.query.get("open") === String(offset);
  return (
    <>
      <a
        class="entry"
        href={hrefWith(place, { open: isOpen ? null : String(offset) })}
        aria-expanded={isOpen ? "true" : "false"}
      >
        <span class="offset">{exactCount(offset)}</span>
        <span class="muted">{timestamp === null ? "no time" : <Time at={timestampMs} millis />}</span>
        {key === null ? null : (
          <span class="key">
            <Hostile text={beginning(key.content)} />
          </span>
        )}
        <span class="value">
          {value === null ? (
            <span class="muted">no value</span>
          ) : value.encoding === "base64" ? (
            <span class="muted">{exactCount(value.bytes)} bytes that are no text</span>
          ) : (
            <Hostile text={beginning(value.content)} />
          )}
        </span>
      </a>
      {isOpen ? <RecordView topic={topic} partition={partition} record={record} /> : null}
    </>
  );
}

function beginning(text: string): string {
  return text.length > shownLength ? `${text.slice(0, shownLength)}…` : text;
}
