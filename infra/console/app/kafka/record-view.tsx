import { useMemo, useState } from "../hooks/hooks.ts";
import type { ReadRecordsResult } from "../../../../functions/read-records.ts";
import { sizeText } from "../../../../lib/rules/base/units.ts";
import type { ShownBytes, ShownRecord } from "../../../../lib/rules/inspection/shown-record.ts";
import { CopyButton } from "../components/copy-button.tsx";
import { Hostile } from "../components/hostile.tsx";
import { bytesIn, hexDump } from "../text/bytes.ts";
import { prettyJson } from "../explore/document/json-text.ts";
import { useAnswer } from "../state/use-answer.ts";
import { exactCount, plural } from "../text/format.ts";
import { Explanation } from "./explanation.tsx";
import { asOptions, Choice } from "../parts/choice.tsx";
import { Problem } from "../parts/problem.tsx";

const forms = ["Text", "JSON", "Hex"] as const;
type Form = (typeof forms)[number];

interface RecordViewProps {
  readonly topic: string;
  readonly partition: number;
  readonly record: ShownRecord;
}

/** One record as it lies in Kafka, and what became of it. */
export function RecordView({ topic, partition, record }: RecordViewProps) {
  const [form, show] = useState<Form>("Text");
  const [why, askWhy] = useState(false);
  const [whole, wantWhole] = useState(false);
  const { offset } = record;
  const asked = new URLSearchParams({ topic, partition: String(partition), offset: String(offset) });
  const full = useAnswer<ReadRecordsResult>(whole ? `/records?${asked.toString()}&limit=1&whole=true` : null);
  const [answered] = full.data?.entries ?? [];
  const shown = answered?.kind === "record" ? answered : record;
  const isCut = [shown.key, shown.value].some((bytes) => bytes?.cut === true);
  return (
    <div class="document">
      <div class="bar">
        <Choice label="Form" options={asOptions(forms)} chosen={form} onChoose={show} />
        {isCut && !whole ? (
          <button type="button" onClick={() => wantWhole(true)}>
            Show all
          </button>
        ) : null}
        <button type="button" aria-expanded={why ? "true" : "false"} onClick={() => askWhy(!why)}>
          Is it in the index?
        </button>
      </div>
      <Problem text={full.error} />
      {why ? <Explanation topic={topic} partition={partition} offset={offset} /> : null}
      <Content name="Key" content={shown.key} form={form} />
      <Content name="Value" content={shown.value} form={form} />
      {shown.headers.map(({ name, value }, at) => (
        <Content key={at} name={`Header ${name}`} content={value} form={form} />
      ))}
      {shown.headerCount > shown.headers.length ? (
        <p class="muted">and {plural(shown.headerCount - shown.headers.length, "header")} more</p>
      ) : null}
      <p class="muted">{batchText(shown)}</p>
    </div>
  );
}

function batchText({ batch }: ShownRecord): string {
  const { firstOffset, lastOffset, bytes, compression, timestamps, transactional, format } = batch;
  const by = { create: "its producer", append: "the broker", unknown: "an unknown one" }[timestamps];
  return [
    `Timestamp by ${by}`,
    `record batch of offsets ${exactCount(firstOffset)} to ${exactCount(lastOffset)}, ${sizeText(bytes)}`,
    `compression: ${compression}`,
    `format ${format}`,
    ...(transactional ? ["in a transaction"] : []),
  ].join(" · ");
}

interface ContentProps {
  readonly name: string;
  readonly content: ShownBytes | null;
  readonly form: Form;
}

function Content({ name, content, form }: ContentProps) {
  const text = useMemo(() => (content === null ? "" : textOf(content, form)), [content, form]);
  if (content === null)
    return (
      <p>
        <Hostile text={name} />: <span class="muted">null</span>
      </p>
    );
  return (
    <div>
      <div class="bar">
        <Hostile text={name} />
        <span class="muted">
          {sizeText(content.bytes)}
          {content.cut ? ", only its beginning" : ""}
        </span>
        <CopyButton label={`Copy ${name.toLowerCase()}`} text={() => text} />
      </div>
      <pre class="raw" tabindex={0} role="region" aria-label={`${name}, ${form.toLowerCase()}`}>
        <Hostile text={text} keep={"\n\t"} />
      </pre>
    </div>
  );
}

/** Anything but text is shown as its bytes; what is no JSON, as it is. */
function textOf({ content, encoding, cut }: ShownBytes, form: Form): string {
  const bytes = encoding === "base64" ? bytesIn(content) : null;
  if (form === "Hex" || bytes !== null) return hexDump(bytes ?? new TextEncoder().encode(content));
  if (form === "Text" || cut) return content;
  try {
    JSON.parse(content);
    return prettyJson(content);
  } catch {
    return content;
  }
}
