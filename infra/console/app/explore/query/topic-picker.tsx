import { useEffect, useRef, useState } from "../../hooks/hooks.ts";
import type { TopicStatus } from "../../../../../lib/rules/progress/status.ts";
import type { LogTopics } from "../../../../api/log/fields.ts";
import { valueOf } from "../../text/input.ts";
import { plural } from "../../text/format.ts";
import { useAnswer } from "../../state/use-answer.ts";

interface TopicPickerProps {
  readonly topics: readonly string[];
  readonly onChange: (topics: readonly string[]) => void;
}

/** The topics to search; none means all. The browser's datalist filters while typing. */
export function TopicPicker({ topics, onChange }: TopicPickerProps) {
  const { data } = useAnswer<readonly TopicStatus[]>("/topics");
  const [refused, refuse] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const undeclared = useAnswer<LogTopics>("/logs/topics").data?.undeclared ?? [];
  const declared = data?.map(({ topic }) => topic) ?? [];
  const known = [...declared, ...undeclared.filter((topic) => !declared.includes(topic))];

  const add = (text: string): void => {
    const topic = text.trim();
    if (topic === "") return;
    // The host would refuse an unknown name anyway.
    if (data !== null && !known.includes(topic)) {
      refuse(`No topic ${topic} here.`);
      return;
    }
    refuse(null);
    if (field.current !== null) field.current.value = "";
    if (!topics.includes(topic)) onChange([...topics, topic]);
  };
  const latest = useRef(add);
  latest.current = add;
  useEffect(() => {
    const element = field.current;
    // hono's onChange is the browser's input event; this one fires at the end of typing.
    const onEnd = (event: Event): void => latest.current(valueOf(event));
    element?.addEventListener("change", onEnd);
    return () => element?.removeEventListener("change", onEnd);
  }, []);
  // Picked from the list, not typed.
  const onInput = (event: Event): void => {
    refuse(null);
    const typed = event instanceof InputEvent && event.inputType !== "insertReplacementText";
    if (!typed && known.includes(valueOf(event))) add(valueOf(event));
  };

  return (
    <div class="picker">
      <ul class="chips" aria-label="Topics searched">
        {topics.length === 0 ? (
          <li class="muted">
            All declared topics
            {undeclared.length === 0 ? "" : `, without ${plural(undeclared.length, "undeclared one")}`}
          </li>
        ) : null}
        {topics.map((topic) => (
          <li key={topic} class="chip on">
            {topic}
            {undeclared.includes(topic) ? <span class="muted">not declared</span> : null}
            <button
              type="button"
              class="plain"
              aria-label={`Without ${topic}`}
              onClick={() => onChange(topics.filter((other) => other !== topic))}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <input
        ref={field}
        list="explore-topics"
        aria-label="Add a topic"
        placeholder="Add a topic"
        autocomplete="off"
        spellcheck={false}
        onInput={onInput}
      />
      <datalist id="explore-topics">
        {known
          .filter((topic) => !topics.includes(topic))
          .map((topic) => (
            <option
              key={topic}
              value={topic}
              label={undeclared.includes(topic) ? "not declared" : undefined}
            />
          ))}
      </datalist>
      <span class="bad" role="status">
        {refused}
      </span>
    </div>
  );
}
