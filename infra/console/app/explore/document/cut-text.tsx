import { useState } from "hono/jsx/dom";
import { Hostile } from "../../components/hostile.tsx";
import { byteSize } from "../../text/format.ts";
import { cutLength } from "./cut-length.ts";

/** Untrusted text, shortened until the user asks for all of it. Line breaks are kept. */
export function CutText({ text, limit }: { readonly text: string; readonly limit: number }) {
  const [whole, showWhole] = useState(false);
  const length = cutLength(text, limit);
  if (whole || length === text.length) return <Hostile text={text} keep={"\n\t"} />;
  return (
    <>
      <Hostile text={text.slice(0, length)} keep={"\n\t"} />…{" "}
      <button type="button" class="plain" onClick={() => showWhole(true)}>
        Show all {byteSize(new Blob([text]).size)}
      </button>
    </>
  );
}
