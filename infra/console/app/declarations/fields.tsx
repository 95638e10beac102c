import type { Child } from "../hooks/hooks.ts";
import { Hostile } from "../components/hostile.tsx";
import { valueOf } from "../text/input.ts";
import type { FormErrors, FormFields } from "./form-fields.ts";

interface FieldsProps {
  readonly fields: FormFields;
  readonly errors: FormErrors;
  /** The target of a new declaration; null if the key is given. */
  readonly newKey: {
    readonly rule: string;
    readonly known: readonly string[];
    readonly listed: readonly string[];
  } | null;
  readonly onChange: (changes: Partial<FormFields>) => void;
}

/** The form of one declaration, with the rule beside each field. */
export function Fields({ fields, errors, newKey, onChange }: FieldsProps) {
  const text = (name: keyof FormFields, label: string, help: Child, list?: string) => (
    <Field name={name} label={label} help={help} error={errors.byField.get(name)}>
      <input
        id={`field-${name}`}
        type="text"
        value={fields[name]}
        list={list}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        aria-describedby={`help-${name}`}
        aria-invalid={errors.byField.has(name) ? "true" : undefined}
        onInput={(event: Event) => onChange({ [name]: valueOf(event) })}
      />
    </Field>
  );
  const choice = (
    name: "format" | "rejected" | "hold",
    label: string,
    help: Child,
    values: readonly (readonly [string, string])[],
  ) => (
    <Field name={name} label={label} help={help} error={errors.byField.get(name)}>
      <select
        id={`field-${name}`}
        value={fields[name]}
        aria-describedby={`help-${name}`}
        aria-invalid={errors.byField.has(name) ? "true" : undefined}
        onInput={(event: Event) => onChange({ [name]: valueOf(event) })}
      >
        {values.map(([value, word]) => (
          <option key={value} value={value} selected={value === fields[name]}>
            {word}
          </option>
        ))}
      </select>
    </Field>
  );
  const isTopic = fields.kind === "topic";
  return (
    <>
      <fieldset class="kind">
        <legend>What it names</legend>
        {(["topic", "pattern"] as const).map((kind) => (
          <label key={kind}>
            <input
              type="radio"
              name="kind"
              value={kind}
              checked={fields.kind === kind}
              onChange={() => onChange({ kind })}
            />{" "}
            {kind === "topic" ? "One topic" : "A pattern of topics"}
          </label>
        ))}
      </fieldset>
      {text(
        "name",
        isTopic ? "Topic" : "Pattern",
        isTopic
          ? "The Kafka topic: letters, digits, . _ - (at most 249). It does not have to exist yet; Penstock never creates it."
          : "A glob over Kafka's topics: * any characters, ? one. Exact names win over patterns.",
      )}
      {isTopic
        ? null
        : text(
            "exclude",
            "exclude",
            "Topics that the pattern leaves out: globs, separated by commas. Another declaration may still name them.",
          )}
      {text("path", "path", "Becomes log.file.path of the documents.")}
      {text(
        "index",
        "index",
        "Index or alias; {topic}, {yyyy.MM.dd} and fields of JSON such as {kubernetes.namespace} are replaced. Lower case. Not set: the topic's name.",
      )}
      {text(
        "dataStream",
        "dataStream",
        "Instead of index: a data stream, such as logs-app-prod, which Penstock sets up; {topic} is replaced.",
      )}
      {text(
        "retention",
        "retention",
        "How long the data stream keeps documents, such as 30d; needs dataStream. Not set: as the cluster says, else forever.",
      )}
      {text(
        "startAt",
        "startAt",
        "earliest, latest, a time such as 2026-11-28T10:00:00Z or an age such as -2h; used only if the consumer group has no committed offset. Not set: earliest.",
      )}
      {choice("format", "format", "How the value of a record becomes a document.", [
        ["", "not set (text)"],
        ["text", "text"],
        ["json", "json"],
      ])}
      {text(
        "timestamp",
        "timestamp",
        "The JSON field with the event's time, or several separated by commas: the first readable one counts. Needs format json. Not set: the time of the record.",
      )}
      {text(
        "message",
        "message",
        "The JSON field with the line; needs format json. Not set: message, or what loggers call it.",
      )}
      {text("pipeline", "pipeline", "An Elasticsearch ingest pipeline.")}
      {choice(
        "rejected",
        "rejected",
        "For records that the mapping rejects: flatten puts their fields into kafka.value, or the whole record into message. Needs format json.",
        [
          ["", "not set (flatten)"],
          ["flatten", "flatten"],
          ["dead-letter", "dead-letter"],
        ],
      )}
      {choice("hold", "hold", "If true, the topic is not read; its position stays.", [
        ["", "not set (false)"],
        ["false", "false"],
        ["true", "true"],
      ])}
      {newKey === null ? null : (
        <>
          {text(
            "key",
            "etcd key",
            <>
              Not set: <Hostile text={newKey.rule} /> A host reads <Hostile text={newKey.listed.join(", ")} />
              .
            </>,
            "known-keys",
          )}
          <datalist id="known-keys">
            {newKey.known.map((key) => (
              <option key={key} value={key} />
            ))}
          </datalist>
        </>
      )}
    </>
  );
}

function Field({
  name,
  label,
  help,
  error,
  children,
}: {
  readonly name: string;
  readonly label: string;
  readonly help: Child;
  readonly error: string | undefined;
  readonly children: Child;
}) {
  return (
    <div class="form-field">
      <label for={`field-${name}`}>{label}</label>
      {children}
      <div id={`help-${name}`} class="help">
        {error === undefined ? null : (
          <div class="bad">
            <span aria-hidden="true">✕ </span>
            <Hostile text={error} />
          </div>
        )}
        <div class="muted">{help}</div>
      </div>
    </div>
  );
}
