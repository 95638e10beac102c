import { usePlace } from "../state/router.ts";
import { lazily } from "../components/lazily.tsx";
import { groupIn } from "./replay/group-address.ts";
import { Inbox } from "./inbox.tsx";

const GroupPage = lazily(async () => (await import("./group/page.tsx")).GroupPage);

/** All dead letters by what they have in common; or, if the address names it, one group of them. */
export function DeadLettersPage() {
  const group = groupIn(usePlace().query);
  return group === null ? <Inbox /> : <GroupPage key={JSON.stringify(group)} group={group} />;
}
