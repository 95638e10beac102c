import { useRef, useState } from "../../hooks/hooks.ts";
import type { LogAnswer } from "../../../../api/logs.ts";
import { shownLevels } from "../../../../../lib/rules/level/shown-levels.ts";
import { clock } from "../../state/clock.ts";
import { clockTime, exactCount, offsetName } from "../../text/format.ts";
import { histogram, zone } from "../../state/preferences.ts";
import { useStore } from "../../state/store.ts";
import {
  countIn,
  momentsOf,
  movedSelection,
  type Selection,
  type Slots,
  slotsOf,
  zoomOf,
} from "./histogram-slots.ts";
import { stepName, type TimeRange } from "../query/time-range.ts";

const height = 64;

/** Number of lines over time. Dragging over bars, or selecting them with the arrow keys, sets the range. */
export function Histogram({
  found,
  onZoom,
}: {
  readonly found: LogAnswer;
  readonly onZoom: (range: TimeRange) => void;
}) {
  const inZone = useStore(zone);
  const [selection, select] = useState<Selection | null>(null);
  const [pointed, point] = useState<number | null>(null);
  const dragging = useRef(false);
  const bars = useRef<HTMLDivElement>(null);
  if (found.histogram === null) return null;
  const bounds = { fromMs: Date.parse(found.from), toMs: Date.parse(found.to) };
  const slots = slotsOf(found.histogram, bounds.fromMs, bounds.toMs);
  const count = slots.counts.length;
  const endMs = slots.startMs + count * slots.intervalMs;
  const shown = selection ?? (pointed === null ? null : { anchor: pointed, head: pointed });

  const time = (atMs: number): string =>
    clockTime(atMs, inZone, clock.get(), { millis: slots.intervalMs < 1_000 });
  const words = (marked: Selection): string => {
    const { fromMs, toMs } = momentsOf(slots, marked, bounds);
    const levels = shownLevels.flatMap((level) => {
      const count = countIn(slots.levels[level], marked);
      return count === 0 ? [] : `${exactCount(count)} ${level}`;
    });
    const split = levels.length === 0 ? "" : ` (${levels.join(", ")})`;
    return `${time(fromMs)} to ${time(toMs + 1)}: ${exactCount(countIn(slots.counts, marked))}${split}`;
  };
  const zoom = (marked: Selection): void => {
    select(null);
    point(null);
    onZoom(zoomOf(slots, marked, bounds));
  };
  const slotAt = (event: PointerEvent): number => {
    const { left, width } = bars.current?.getBoundingClientRect() ?? { left: 0, width: 1 };
    return Math.min(count - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * count)));
  };
  const onKey = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : null;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step !== null) select(movedSelection(selection, step, event.shiftKey, count));
    else if (event.key === "Enter" && selection !== null) zoom(selection);
    else if (event.key === "Escape" && selection !== null) select(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <figure class="histogram">
      <figcaption>
        <span>
          {shown === null ? (
            <span class="muted">
              {stepName(slots.intervalMs)} per bar, highest {exactCount(slots.highest)}; drag, or ←→ Shift+←→
              Enter, to zoom
            </span>
          ) : (
            words(shown)
          )}
        </span>
        <button type="button" class="plain" onClick={() => histogram.set("hidden")}>
          Hide chart
        </button>
      </figcaption>
      <div
        ref={bars}
        class="bars"
        tabindex={0}
        role="slider"
        aria-label="Matches over time; Enter zooms in"
        aria-valuemin={1}
        aria-valuemax={count}
        aria-valuenow={(selection?.head ?? count - 1) + 1}
        aria-valuetext={selection === null ? "nothing marked" : words(selection)}
        onKeyDown={onKey}
        onPointerDown={(event: PointerEvent) => {
          if (event.button !== 0) return;
          dragging.current = true;
          bars.current?.setPointerCapture(event.pointerId);
          const at = slotAt(event);
          select({ anchor: at, head: at });
        }}
        onPointerMove={(event: PointerEvent) => {
          const at = slotAt(event);
          if (dragging.current && selection !== null) select({ ...selection, head: at });
          else if (!dragging.current && at !== pointed) point(at);
        }}
        onPointerUp={() => {
          if (dragging.current && selection !== null) zoom(selection);
          dragging.current = false;
        }}
        onPointerCancel={() => {
          dragging.current = false;
          select(null);
        }}
        onPointerLeave={() => point(null)}
      >
        <Bars slots={slots} marked={shown} />
      </div>
      <div class="axis muted" aria-hidden="true">
        <span>{time(slots.startMs)}</span>
        <span>{time((slots.startMs + endMs) / 2)}</span>
        <span>
          {time(endMs)} {offsetName(endMs, inZone)}
        </span>
      </div>
    </figure>
  );
}

/** A bar from below: its levels, the worst first, then what has none. */
function Bars({ slots, marked }: { readonly slots: Slots; readonly marked: Selection | null }) {
  const { counts, highest, levels } = slots;
  return (
    <svg viewBox={`0 0 ${counts.length} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      {marked === null ? null : (
        <rect
          class="marked"
          x={Math.min(marked.anchor, marked.head)}
          y={0}
          width={Math.abs(marked.anchor - marked.head) + 1}
          height={height}
        />
      )}
      {counts.flatMap((count, slot) => {
        let below = 0;
        return [...shownLevels, null].flatMap((level) => {
          const part = level === null ? count - below : (levels[level][slot] ?? 0);
          if (part <= 0) return [];
          // A bar with any records stays visible.
          const scale = (records: number): number =>
            records === 0 ? 0 : Math.max(2, (records / highest) * height);
          const [from, to] = [scale(below), scale(below + part)];
          below += part;
          return (
            <rect
              key={`${slot} ${level}`}
              class={level ?? ""}
              x={slot + 0.05}
              y={(height - to).toFixed(1)}
              width={0.9}
              height={Math.max(1, to - from).toFixed(1)}
            />
          );
        });
      })}
    </svg>
  );
}
