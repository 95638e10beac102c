import { useState } from "../hooks/hooks.ts";
import { whileBusy } from "../state/busy.ts";
import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";
import { Fields } from "./fields.tsx";
import { declarationOf, editBody, type EditStart, type FormFields } from "./form-fields.ts";
import { LostRaceNotice } from "./lost-race-notice.tsx";
import { Preview } from "./preview.tsx";
import { readOnlyId, useReadOnly } from "../components/read-only.tsx";
import { TrialPanel } from "./try/trial-panel.tsx";
import { useTrial } from "./try/use-trial.ts";
import type { SavedEdit } from "../../../api/declarations.ts";
import { useEdit } from "./use-edit.ts";

const titles = {
  add: "Add a declaration",
  change: "Change a declaration",
  remove: "Remove a declaration",
} as const;

/** The starting point of an edit. It does not change when the list is updated. */
export interface EditorProps {
  readonly start: EditStart;
  readonly initial: FormFields;
  /** Revision and text of the key; both null for a new declaration. */
  readonly revision: number | null;
  readonly text: string | null;
  /** The target of a new declaration. */
  readonly newKey: {
    readonly rule: string;
    readonly known: readonly string[];
    readonly listed: readonly string[];
  };
  /** Members that saving would remove. */
  readonly unknown: readonly string[];
  readonly closeHref: string;
  readonly onSaved: (saved: SavedEdit, fields: FormFields) => void;
}

/** The form beside its preview. Nothing is written without a preview. */
export function Editor({ start, initial, revision, text, newKey, unknown, closeHref, onSaved }: EditorProps) {
  const [fields, setFields] = useState(initial);
  const [base, setBase] = useState({ revision, text });
  const { state, preview, save } = useEdit((saved) => onSaved(saved, fields));
  const { busy, errors, lost } = state;
  const body = editBody(start, fields, base.revision);
  const current = state.previewOf === JSON.stringify(body);
  const { kind } = start;
  const { state: trial, run: tryOut } = useTrial();
  const readOnly = useReadOnly();
  const declaration = declarationOf(fields);
  // A pattern has no records of its own.
  const canTry = kind !== "remove" && fields.kind === "topic";
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
              The entry has members unknown to Penstock, which saving will remove:{" "}
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
                // A revision belongs to its key.
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
              A host would refuse this: see{" "}
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
              {...whileBusy(busy !== null)}
            >
              {busy === "preview" ? "Asking the host…" : "Preview changes"}
            </button>
            {canTry ? (
              <button
                type="button"
                disabled={readOnly || fields.name.trim() === ""}
                {...whileBusy(trial.busy)}
                aria-describedby={readOnly ? readOnlyId : undefined}
                onClick={() => void tryOut(fields.name.trim(), declaration)}
              >
                {trial.busy ? "Trying it…" : "Try it with the last 100 records"}
              </button>
            ) : null}
            <a class="button" href={closeHref}>
              Cancel
            </a>
          </div>
        </form>
        <section aria-label="Preview" class={current ? "" : "old"}>
          {state.preview === null ? (
            <p class="muted">
              Preview changes shows the new text of the key here, and what the host would do then.
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
      {canTry ? <TrialPanel state={trial} current={trial.triedOf === JSON.stringify(declaration)} /> : null}
    </>
  );
}
