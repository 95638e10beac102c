import { useState } from "../hooks/hooks.ts";
import { ApiError, ask } from "../state/api.ts";
import type { EditPreview, SavedEdit } from "../../../api/declarations.ts";
import { errorsOf, noErrors, type EditBody, type FormErrors, type FormFields } from "./form-fields.ts";

/** Someone else wrote the key in the meantime: its current text. */
export interface LostRace {
  readonly key: string;
  /** 0 if the key is absent. */
  readonly revision: number;
  readonly text: string | null;
  /** The text the editor started from. */
  readonly startedFrom: number;
}

export interface EditState {
  readonly busy: "preview" | "save" | null;
  readonly preview: EditPreview | null;
  /** The request that the preview answers, as JSON. */
  readonly previewOf: string;
  readonly errors: FormErrors;
  readonly lost: LostRace | null;
}

const nothing: EditState = { busy: null, preview: null, previewOf: "", errors: noErrors, lost: null };

/** The state of an edit and its actions. */
export interface Edit {
  readonly state: EditState;
  readonly preview: (body: EditBody, fields: FormFields) => Promise<void>;
  /** Saves what the preview showed, if its key still has the same revision. */
  readonly save: (body: EditBody, fields: FormFields, seen: EditPreview) => Promise<void>;
}

/** Requests previews, saves, and keeps the results. The form keeps the fields. */
export function useEdit(onSaved: (saved: SavedEdit) => void): Edit {
  const [state, setState] = useState<EditState>(nothing);

  const fail = (thrown: unknown, body: EditBody, fields: FormFields): void => {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    if (!(thrown instanceof ApiError)) {
      setState((before) => ({ ...before, busy: null, errors: { byField: new Map(), general: [message] } }));
      return;
    }
    const { key, revision, text } = thrown.problem;
    if (thrown.status === 409 && typeof key === "string" && typeof revision === "number") {
      const lost = {
        key,
        revision,
        text: typeof text === "string" ? text : null,
        startedFrom: body.revision ?? 0,
      };
      setState((before) => ({ ...before, busy: null, lost }));
      return;
    }
    setState((before) => ({ ...before, busy: null, errors: errorsOf(thrown.problem, message, fields) }));
  };
  return {
    state,
    async preview(body, fields) {
      setState((before) => ({ ...before, busy: "preview", errors: noErrors, lost: null }));
      try {
        const preview = await ask<EditPreview>("/declarations?dryRun=true", { method: "POST", body });
        setState({ ...nothing, preview, previewOf: JSON.stringify(body) });
      } catch (thrown) {
        fail(thrown, body, fields);
      }
    },
    async save(body, fields, seen) {
      setState((before) => ({ ...before, busy: "save", errors: noErrors, lost: null }));
      const bound = { ...body, key: seen.key, revision: seen.revision };
      try {
        onSaved(await ask<SavedEdit>("/declarations", { method: "POST", body: bound }));
      } catch (thrown) {
        fail(thrown, bound, fields);
      }
    },
  };
}
