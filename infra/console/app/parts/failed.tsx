import { Hostile } from "../components/hostile.tsx";
import { Notice } from "../components/notice.tsx";

interface FailedProps {
  readonly error: string;
  readonly again: () => void;
  readonly alert?: boolean;
}

/** Says why something could not be loaded, and tries it again. */
export function Failed({ error, again, alert = false }: FailedProps) {
  return (
    <Notice kind="bad" alert={alert}>
      <Hostile text={error} />{" "}
      <button type="button" class="plain" onClick={again}>
        Retry
      </button>
    </Notice>
  );
}
