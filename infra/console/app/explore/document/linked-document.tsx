import { parseDocumentId } from "../../../../../lib/rules/documents/document-id.ts";
import { navigate } from "../../state/router.ts";
import { type DocumentRef, exploreHref, type ExploreState } from "../query/address.ts";
import { DocumentView } from "./document-view.tsx";

/** The document in the address, if it is not among the results. */
export function LinkedDocument({ doc, state }: { readonly doc: DocumentRef; readonly state: ExploreState }) {
  const identity = parseDocumentId(doc.topic, doc.id);
  const timestamp =
    identity === null || identity.timestamp < 0 ? null : new Date(identity.timestamp).toISOString();
  return (
    <section class="linked">
      <div class="title">
        <h2>Linked document</h2>
        <button
          type="button"
          class="plain"
          onClick={() => navigate(exploreHref({ ...state, doc: null }), { replace: true })}
        >
          Close
        </button>
      </div>
      <DocumentView doc={doc} timestamp={timestamp} state={state} shared={state} />
    </section>
  );
}
