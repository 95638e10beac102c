import { useMemo, useState } from "../../hooks/hooks.ts";
import type { LetterBytes, WholeLetter } from "../../../../../functions/read-dead-letter.ts";
import { sizeText } from "../../../../../lib/rules/base/units.ts";
import { CopyButton } from "../../components/copy-button.tsx";
import { Hostile } from "../../components/hostile.tsx";
import { Notice } from "../../components/notice.tsx";
import { Time } from "../../components/times.tsx";
import { useAnswer } from "../../state/use-answer.ts";
import { exactCount } from "../../text/format.ts";
import { bytesIn, hexDump } from "../../text/bytes.ts";
import { asOptions, Choice } from "../../parts/choice.tsx";
import { Failed } from "../../parts/failed.tsx";

const forms = ["Text", "Hex"] as const;
type Form = (typeof forms)[number];

/** A whole letter: why it was refused, and its record as it lies in Kafka. */
export function LetterView({ address }: { readonly address: string }) {
  const { data, error, again } = useAnswer<WholeLetter>(`/dead-letters/letters/${address}`);
  const [form, show] = useState<Form>("Text");
  if (error !== null) return <Failed error={error} again={again} />;
  if (data === null) return <p class="muted">Loading…</p>;
  const { topic, partition, offset, timestamp, attempts, status, reason, failedAt, headers, bytesOf } = data;
  return (
    <>
      <dl class="facts">
        <dt>Record</dt>
        <dd>
          <Hostile text={topic} />, partition {partition}, offset {exactCount(offset)}
          {timestamp === null ? null : (
            <>
              , of <Time at={timestamp} millis />
            </>
          )}
        </dd>
        <dt>Refused</dt>
        <dd>
          at <Time at={Date.parse(failedAt)} millis />, attempt {attempts}, status {status}:{" "}
          <Hostile text={reason} />
        </dd>
      </dl>
      {bytesOf === "letter" ? null : (
        <Notice kind={bytesOf === "topic" ? "info" : "bad"}>
          {bytesOf === "topic"
            ? "The value was too large for the letter. These are the bytes in the record's own topic."
            : "The value was too large for the letter, and retention took the record from its topic: it is lost."}
        </Notice>
      )}
      <Choice label="Form" options={asOptions(forms)} chosen={form} onChoose={show} />
      <Content name="Key" content={data.key} form={form} />
      <Content name="Value" content={data.value} form={form} />
      {headers.map(({ name, value }, at) => (
        <Content key={at} name={`Header ${name}`} content={value} form={form} />
      ))}
    </>
  );
}

function Content({
  name,
  content,
  form,
}: {
  readonly name: string;
  readonly content: LetterBytes | null;
  readonly form: Form;
}) {
  const bytes = useMemo(() => (content === null ? null : bytesIn(content.base64)), [content]);
  if (content === null || bytes === null)
    return (
      <p>
        <Hostile text={name} />: <span class="muted">null</span>
      </p>
    );
  const text = new TextDecoder().decode(bytes);
  return (
    <div>
      <div class="bar">
        <Hostile text={name} />
        <span class="muted">
          {sizeText(content.bytes)}
          {bytes.length < content.bytes ? `, the first ${sizeText(bytes.length)}` : ""}
        </span>
        <CopyButton label="Copy" text={() => text} />
      </div>
      <pre tabindex={0} aria-label={`${name}, ${form.toLowerCase()}`}>
        {form === "Hex" ? hexDump(bytes) : <Hostile text={text} keep={"\n\t"} />}
      </pre>
    </div>
  );
}
