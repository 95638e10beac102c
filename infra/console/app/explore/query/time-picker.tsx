import { useRef, useState } from "../../hooks/hooks.ts";
import { clock } from "../../state/clock.ts";
import { offsetName } from "../../text/format.ts";
import { valueOf } from "../../text/input.ts";
import { zone } from "../../state/preferences.ts";
import { useStore } from "../../state/store.ts";
import {
  fieldTime,
  isPreset,
  presets,
  steppedRange,
  type TimeRange,
  timeOfField,
  typedRange,
  widerRange,
} from "./time-range.ts";

interface TimePickerProps {
  readonly range: TimeRange;
  /** The absolute range of the last search. */
  readonly searched: TimeRange | null;
  readonly onChange: (range: TimeRange) => void;
}

const custom = "custom";

/** The time range: a preset, or two times in the page's time zone. */
export function TimePicker({ range, searched, onChange }: TimePickerProps) {
  const inZone = useStore(zone);
  const [open, setOpen] = useState(false);
  const [refused, refuse] = useState<string | null>(null);
  const from = useRef<HTMLInputElement>(null);
  const to = useRef<HTMLInputElement>(null);
  const typed = useRef<HTMLInputElement>(null);
  const isCustom = open || !isPreset(range);
  const [fromValue, toValue] = (["from", "to"] as const).map((end) =>
    fieldTime(searched?.[end] ?? range[end], inZone, clock.get()),
  );

  const choose = (event: Event): void => {
    const value = valueOf(event);
    setOpen(value === custom);
    refuse(null);
    if (value !== custom) onChange({ from: value, to: "now" });
  };
  const type = (event: Event): void => {
    event.preventDefault();
    const next = typedRange(typed.current?.value ?? "", inZone, clock.get());
    refuse(next === null ? "Write 2h, 3d, today, yesterday, or a time." : null);
    if (next === null) return;
    if (typed.current !== null) typed.current.value = "";
    setOpen(false);
    onChange(next);
  };
  const apply = (event: Event): void => {
    event.preventDefault();
    const moments = [from, to].map((field) => timeOfField(field.current?.value ?? "", inZone));
    const [first = null, last = null] = moments;
    if (first === null || last === null) refuse("Both times must be filled in.");
    else if (first > last) refuse("From must not be after To.");
    else {
      refuse(null);
      setOpen(false);
      onChange({ from: first, to: last });
    }
  };

  return (
    <>
      <select aria-label="Time range" value={isCustom ? custom : range.from} onInput={choose}>
        {presets.map(({ from: start, label }) => (
          <option key={start} value={start}>
            {label}
          </option>
        ))}
        <option value={custom}>Custom…</option>
      </select>
      <form class="typed-range" onSubmit={type}>
        <input
          ref={typed}
          aria-label="Type a time range"
          placeholder="2h, today…"
          title="2h, 3d, today, yesterday, now-90m, 2026-03-04T12:00"
          autocomplete="off"
          spellcheck={false}
        />
      </form>
      {searched === null ? null : (
        <span class="steps" role="group" aria-label="Move the time range">
          <button type="button" aria-label="Earlier" onClick={() => onChange(steppedRange(searched, -1))}>
            ‹
          </button>
          <button type="button" aria-label="Zoom out" onClick={() => onChange(widerRange(searched))}>
            −
          </button>
          <button type="button" aria-label="Later" onClick={() => onChange(steppedRange(searched, 1))}>
            ›
          </button>
        </span>
      )}
      {isCustom ? null : (
        <span class="bad" role="status">
          {refused}
        </span>
      )}
      {isCustom ? (
        <form class="custom-range" onSubmit={apply}>
          <label>
            From{" "}
            <input
              ref={from}
              type="datetime-local"
              step="0.001"
              value={fromValue}
              key={`from ${fromValue}`}
            />
          </label>
          <label>
            To <input ref={to} type="datetime-local" step="0.001" value={toValue} key={`to ${toValue}`} />
          </label>
          <span class="muted">{offsetName(clock.get(), inZone)}</span>
          <button type="submit">Apply</button>
          <span class="bad" role="status">
            {refused}
          </span>
        </form>
      ) : null}
    </>
  );
}
