import { useEffect } from "../hooks/hooks.ts";
import { clock } from "../state/clock.ts";
import { clockTime } from "../text/format.ts";
import { connection, reconnect } from "../state/live.ts";
import { zone } from "../state/preferences.ts";
import { useStore } from "../state/store.ts";
import { Notice } from "../components/notice.tsx";

/** Says that the values on the page are old, and dims them. */
export function ConnectionBanner() {
  const now = useStore(connection);
  const inZone = useStore(zone);
  const lost = now.state === "lost";
  useEffect(() => {
    document.body.classList.toggle("stale", lost);
  }, [lost]);
  if (!lost) return null;
  const values = now.seenAt === null ? "" : ` Values are from ${clockTime(now.seenAt, inZone, clock.get())}.`;
  return (
    <Notice kind="warning" alert>
      Connection lost.{values}{" "}
      <button type="button" class="plain" onClick={reconnect}>
        Retry
      </button>
    </Notice>
  );
}
