import { useState } from "hono/jsx/dom";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { Fields } from "./fields.tsx";
import { editBody, type EditStart, type FormFields } from "./form-fields.ts";
import { LostRaceNotice } from "./lost-race-notice.tsx";
import { Preview } from "./preview.tsx";
import { useEdit, type SavedAnswer } from "./use-edit.ts";

const titles = {
  add: "Add a declaration",
  change: "Change a declaration",
  remove: "Remove a declaration",
} as const;

/** What one edit begins with. It stays as it was when the form was opened, whatever the list shows by now. */
export interface EditorProps {
  readonly start: EditStart;
  readonly initial: FormFields;
  /** The key's revision and text; of something new null and null. */
  readonly revision: number | null;
  readonly text: string | null;
  /** Where something new goes. */
  readonly newKey: {
    readonly rule: string;
    readonly known: readonly string[];
    readonly listed: readonly string[];
  };
  /** Members that saving would drop. */
  readonly unknown: readonly string[];
  readonly closeHref: string;
  readonly onSaved: (saved: SavedAnswer, fields: FormFields) => void;
}

/** The form beside what it would do. Nothing is written before it was looked at. */
export function Editor({ start, initial, revision, text, newKey, unknown, closeHref, onSaved }: EditorProps) {
  const [fields, setFields] = useState(initial);
  const [base, setBase] = useState({ revision, text });
  const { state, preview, save } = useEdit((saved) => onSaved(saved, fields));
  const { busy, errors, lost } = state;
  const body = editBody(start, fields, base.revision);
  const current = state.previewOf === JSON.stringify(body);
  const { kind } = start;
  return (
    <>
      <h2>{titles[kind]}</h2>
      <div class="editor">
        <form
          noValidate
          onSubmit={(event: Event) => {
            event.preventDefault();
            void preview(body, fields);
          }}
        >
          {start.kind === "add" ? null : (
            <p>
              Key <Hostile text={start.key} />, revision {base.revision ?? "unknown"}
            </p>
          )}
          {unknown.length === 0 ? null : (
            <Notice kind="warning">
              The entry has members that are not Penstock's, and that saving drops:{" "}
              <Hostile text={unknown.join(", ")} />
            </Notice>
          )}
          {kind === "remove" ? (
            <p>
              Removes the entry of <Hostile text={initial.name} />. A topic that nothing else declares stops;
              its group keeps its position.
            </p>
          ) : (
            <Fields
              fields={fields}
              errors={errors}
              newKey={kind === "add" ? newKey : null}
              onChange={(changes) => {
                setFields((before) => ({ ...before, ...changes }));
                // A revision is of its key.
                if (changes.key !== undefined) setBase({ revision, text });
              }}
            />
          )}
          {errors.general.map((error) => (
            <Notice key={error} kind="bad" alert>
              <Hostile text={error} />
            </Notice>
          ))}
          {errors.byField.size === 0 ? null : (
            <Notice kind="bad" alert>
              Not as a host would take it: see{" "}
              {[...errors.byField.keys()].map((name) => (name === "name" ? fields.kind : name)).join(", ")}.
            </Notice>
          )}
          {lost === null ? null : (
            <LostRaceNotice
              lost={lost}
              started={state.preview?.before ?? base.text}
              onContinue={() => {
                const rebased = { revision: lost.revision, text: lost.text };
                setBase(rebased);
                void preview(editBody(start, fields, lost.revision), fields);
              }}
            />
          )}
          <div class="bar">
            <button
              type="submit"
              class={state.preview === null || !current ? "primary" : ""}
              disabled={busy !== null}
            >
              {busy === "preview" ? "Asking the host…" : "Preview changes"}
            </button>
            <a class="button" href={closeHref}>
              Cancel
            </a>
          </div>
        </form>
        <section aria-label="Preview" class={current ? "" : "old"}>
          {state.preview === null ? (
            <p class="muted">
              Preview changes shows here what becomes of the key, and what the host would then do.
            </p>
          ) : (
            <Preview
              preview={state.preview}
              action={kind}
              current={current}
              lost={lost !== null}
              saving={busy === "save"}
              onSave={() => {
                if (state.preview !== null) void save(body, fields, state.preview);
              }}
            />
          )}
        </section>
      </div>
    </>
  );
}
