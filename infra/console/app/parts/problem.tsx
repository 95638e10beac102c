import { Hostile } from "../components/hostile.tsx";
import { Notice, type NoticeKind } from "../components/notice.tsx";

interface ProblemProps {
  readonly text: string | null;
  readonly kind?: NoticeKind;
  readonly alert?: boolean;
}

/** Untrusted text, such as an error, as a notice; nothing if there is none. */
export function Problem({ text, kind = "bad", alert = false }: ProblemProps) {
  return text === null ? null : (
    <Notice kind={kind} alert={alert}>
      <Hostile text={text} />
    </Notice>
  );
}
