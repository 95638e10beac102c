import { useEffect } from "../hooks/hooks.ts";
import type { HistoryAnswer, SeriesAnswer } from "../../../api/history/history.ts";
import type { Series } from "../../../api/live-messages.ts";
import { Hostile } from "../components/hostile.tsx";
import { Time } from "../components/times.tsx";
import { plural, ratePerSecond, shortCount } from "../text/format.ts";
import { createStore, useStore } from "../state/store.ts";
import { useAnswer } from "../state/use-answer.ts";
import { eventText } from "../history/event-text.ts";
import { Chart } from "./chart.tsx";
import {
  askedSpan,
  type ChartSpan,
  chartSpanNames,
  chartSpans,
  livePoints,
  marksOf,
  pastPoints,
  spanMs,
  spanWords,
} from "./points.ts";
import { Choice } from "../parts/choice.tsx";

/** Stays as chosen while one goes from page to page. */
const chosenSpan = createStore<ChartSpan>("live");
const EVERY_MS = 60_000;
/** The newest events, below the charts. */
const LISTED = 50;

/** Rate and lag of a topic, or of all, over a chosen time, with marks where something happened. */
export function HistoryCharts({ live, topic }: { readonly live: Series; readonly topic: string | null }) {
  const span = useStore(chosenSpan);
  const about = topic === null ? "" : `&topic=${topic}`;
  const series = useAnswer<SeriesAnswer>(`/history/series?span=${askedSpan[span]}${about}`);
  const from = span === "live" ? "15m" : span;
  const events = useAnswer<HistoryAnswer>(`/history?from=now-${from}${about}`);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.hidden) return;
      series.again();
      events.again();
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [span, topic]);

  const isLive = span === "live";
  const past = series.data !== null && isOf(series.data, span) ? series.data : null;
  const points = isLive ? livePoints(live, past) : past === null ? none : pastPoints(past);
  const toMs = isLive ? live.endMs : series.at;
  const problem = series.data?.problem ?? null;
  const fromMs = toMs - spanMs[span];
  const happened = (events.data?.events ?? []).filter(({ at }) => at >= fromMs);
  const marks = marksOf(happened, fromMs, toMs);
  const chart = {
    times: points.times,
    spanMs: spanMs[span],
    spanText: chartSpans[span],
    spanWords: spanWords[span],
    marks,
  };
  return (
    <section aria-label="Charts">
      <div class="bar">
        <Choice
          label="Time of the charts"
          options={chartSpanNames.map((one) => [one, chartSpans[one]] as const)}
          chosen={span}
          onChoose={(one) => chosenSpan.set(one)}
        />
        <span class="muted">
          {isLive ? "this host; before its start, all hosts by the minute" : "all hosts"}
        </span>
      </div>
      <div class="charts">
        <Chart
          {...chart}
          title="Records per second"
          nothing="no records"
          values={points.rate}
          format={ratePerSecond}
        />
        <Chart {...chart} title="Lag" nothing="no lag" values={points.lag} format={shortCount} />
      </div>
      <Happened events={happened} topic={topic} />
      {series.error === null ? null : <p class="warning">What was before cannot be shown: {series.error}</p>}
      {problem === null ? null : (
        <p class="muted">
          <Hostile text={problem} />
        </p>
      )}
    </section>
  );
}

const none = { times: [], rate: [], lag: [] };

/** Whether the answer is that of the chosen span, and not of the one before. */
function isOf({ stepMs, lag }: SeriesAnswer, span: ChartSpan): boolean {
  return Math.abs(stepMs * lag.length - (span === "live" ? 3_600_000 : spanMs[span])) <= stepMs;
}

/** The marks in words, for the keyboard and for screen readers. */
function Happened({
  events,
  topic,
}: {
  readonly events: HistoryAnswer["events"];
  readonly topic: string | null;
}) {
  if (events.length === 0) return null;
  return (
    <details class="happened">
      <summary>{plural(events.length, "event")} in this time</summary>
      <ul class="plain-list">
        {events.slice(0, LISTED).map((event, place) => (
          <li key={`${event.at}/${place}`}>
            <Time at={event.at} /> <Hostile text={eventText(event)} />
          </li>
        ))}
      </ul>
      <a href={topic === null ? "/ui/history" : `/ui/history?topic=${topic}`}>
        {events.length > LISTED ? "All of them: History" : "History"}
      </a>
    </details>
  );
}
