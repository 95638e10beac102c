import { useMemo, useState } from "../hooks/hooks.ts";
import type { DeclarationsListing } from "../../../../functions/list-declarations.ts";
import { Hostile } from "../components/hostile.tsx";
import { Loading } from "../components/lazily.tsx";
import { Notice } from "../components/notice.tsx";
import { ReadOnlyNotice } from "../components/read-only.tsx";
import { DeclarationsList } from "./declarations-list.tsx";
import { Editor } from "./editor.tsx";
import { addedFields, fieldsOf, proposedFields, unknownMembers, type FormFields } from "./form-fields.ts";
import { openedBy, type Opened } from "./opened.ts";
import type { SavedEdit } from "../../../api/declarations.ts";
import { hrefWith, navigate, usePlace } from "../state/router.ts";
import { useAnswer } from "../state/use-answer.ts";
import { Failed } from "../parts/failed.tsx";

/** All declarations with their sources and states, and the forms that edit those in etcd. */
export function DeclarationsPage() {
  const place = usePlace();
  const { data, error, loading, again } = useAnswer<DeclarationsListing>("/declarations");
  const [saved, setSaved] = useState<Saved | null>(null);
  const closeHref = hrefWith(place, {
    form: null,
    key: null,
    topic: null,
    pattern: null,
    page: null,
    kept: null,
    rejected: null,
  });
  return (
    <>
      <h1>Declarations</h1>
      <ReadOnlyNotice />
      {error === null ? null : <Failed error={error} again={again} alert />}
      {saved === null ? null : <SavedNotice saved={saved} />}
      {data === null ? (
        loading ? (
          <Loading />
        ) : null
      ) : (
        <Opener
          listing={data}
          closeHref={closeHref}
          onSaved={(answer, { kind, name }) => {
            setSaved({ ...answer, kind, name: name.trim() });
            navigate(closeHref, { replace: true });
            again();
          }}
        />
      )}
    </>
  );
}

interface Saved extends SavedEdit {
  readonly kind: FormFields["kind"];
  readonly name: string;
}

function SavedNotice({ saved: { revision, action, kind, name } }: { readonly saved: Saved }) {
  const topics = action === "removed" || kind === "pattern";
  return (
    <Notice kind="ok" alert>
      {action === "removed" ? "Removed; saved" : "Saved"} as revision {revision}. The host applies it
      automatically.{" "}
      <a
        href={
          topics ? `/ui/topics?q=${encodeURIComponent(kind === "pattern" ? "" : name)}` : `/ui/topics/${name}`
        }
      >
        {topics ? "Topics" : name}
      </a>
    </Notice>
  );
}

interface OpenerProps {
  readonly listing: DeclarationsListing;
  readonly closeHref: string;
  readonly onSaved: (saved: SavedEdit, fields: FormFields) => void;
}

function Opener({ listing, closeHref, onSaved }: OpenerProps) {
  const { query } = usePlace();
  const asked = ["form", "key", "topic", "pattern", "rejected"]
    .map((name) => query.get(name) ?? "")
    .join("\n");
  // A later list must not change what is opened: the form contains somebody's work.
  const opened = useMemo(() => openedBy(query, listing), [asked]);
  const { etcd } = listing;
  const proposed = proposedFields(query);
  if (opened.kind === "list") return <DeclarationsList listing={listing} />;
  if (opened.kind === "elsewhere")
    return (
      <Elsewhere
        opened={opened}
        file={listing.config.path}
        canAdd={etcd?.ok === true}
        proposed={proposed}
        closeHref={closeHref}
      />
    );
  if (opened.kind === "gone" || etcd === null || !etcd.ok) {
    return (
      <>
        <Notice kind="warning">
          {opened.kind === "gone" ? (
            <Hostile text={`etcd key ${opened.key} does not declare ${opened.name} any more.`} />
          ) : etcd === null ? (
            "The config file has no etcd section, so nothing can be changed here."
          ) : (
            <Hostile
              text={`etcd cannot be read or believed, so nothing can be changed now. ${etcd.error ?? ""}`}
            />
          )}
        </Notice>
        <a class="button" href={closeHref}>
          All declarations
        </a>
      </>
    );
  }
  const common = {
    closeHref,
    onSaved,
    newKey: { rule: etcd.newKey.rule, listed: etcd.listed, known: etcd.keys.map(({ key }) => key) },
  };
  if (opened.kind === "add") {
    const revisionOf = (key: string): number | null =>
      etcd.keys.find((one) => one.key === key)?.revision ?? null;
    return (
      <Editor
        key={asked}
        {...common}
        start={{ kind: "add", revisionOf }}
        initial={{ ...addedFields(opened.topic, opened.like), ...proposed }}
        revision={null}
        text={null}
        unknown={[]}
      />
    );
  }
  const { kind, key, entry, target } = opened;
  return (
    <>
      <Overruled entry={entry} />
      <Editor
        key={asked}
        {...common}
        start={{ kind, key: key.key, target }}
        initial={{ ...fieldsOf(entry, target), ...proposed }}
        revision={key.revision}
        text={key.text}
        unknown={kind === "change" ? unknownMembers(entry) : []}
      />
    </>
  );
}

function Overruled({
  entry: { state, overriddenBy, refused },
}: {
  readonly entry: Extract<Opened, { kind: "change" | "remove" }>["entry"];
}) {
  if (refused !== null) {
    return (
      <Notice kind="warning">
        The entry is refused: <Hostile text={refused} />
      </Notice>
    );
  }
  if (state !== "overridden" || overriddenBy === null) return null;
  const { name, entry } = overriddenBy;
  return (
    <Notice kind="warning">
      This entry is overridden: <Hostile text={`${name}, entry ${entry + 1}`} /> wins over it.
    </Notice>
  );
}

function Elsewhere({
  opened: { topic, config, pattern },
  file,
  canAdd,
  proposed: { rejected },
  closeHref,
}: {
  readonly file: string;
  readonly opened: Extract<Opened, { kind: "elsewhere" }>;
  readonly canAdd: boolean;
  readonly proposed: Partial<FormFields>;
  readonly closeHref: string;
}) {
  const place = usePlace();
  return (
    <>
      <Notice kind="info">
        {config !== null ? (
          <>
            <Hostile text={`${topic} stands in ${file}, entry ${config.entry + 1}, which wins.`} />{" "}
            {rejected === undefined ? "Edit that file" : `Set rejected: ${rejected} there`}; the host follows
            by itself.
          </>
        ) : pattern !== null ? (
          <Hostile
            text={`${topic} has no declaration of its own: pattern ${pattern.pattern} in ${pattern.source} covers it. A declaration of its own would win.`}
          />
        ) : (
          <Hostile text={`No source declares ${topic}.`} />
        )}
      </Notice>
      <div class="bar">
        {config === null && canAdd ? (
          <a class="button primary" href={hrefWith(place, { form: "add" })}>
            Add a declaration for it
          </a>
        ) : null}
        <a class="button" href={closeHref}>
          All declarations
        </a>
      </div>
    </>
  );
}
