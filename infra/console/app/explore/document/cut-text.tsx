import { useState } from "../../hooks/hooks.ts";
import { sizeText } from "../../../../../lib/rules/base/units.ts";
import { Hostile } from "../../components/hostile.tsx";
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
        Show all {sizeText(new Blob([text]).size)}
      </button>
    </>
  );
}
