import { useRef } from "../hooks/hooks.ts";
import { useShortcuts } from "../state/keys.ts";
import { hrefWith, navigate, usePlace } from "../state/router.ts";
import { valueOf } from "../text/input.ts";

interface FilterProps {
  readonly label: string;
  readonly hint?: string;
  readonly text: string;
}

/** The field that filters a page's list, as `q` in the address. Its key is `/`. */
export function Filter({ label, hint = "Filter", text }: FilterProps) {
  const place = usePlace();
  const field = useRef<HTMLInputElement>(null);
  useShortcuts({ "/": () => field.current?.focus() });
  return (
    <input
      ref={field}
      type="search"
      aria-label={label}
      placeholder={`${hint}  /`}
      value={text}
      onInput={(event: Event) =>
        navigate(hrefWith(place, { q: valueOf(event), page: null }), { replace: true })
      }
    />
  );
}
