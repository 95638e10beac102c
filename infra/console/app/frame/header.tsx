import { useEffect, useRef } from "../hooks/hooks.ts";
import { ask } from "../state/api.ts";
import { clock } from "../state/clock.ts";
import { offsetName } from "../text/format.ts";
import { Hostile } from "../components/hostile.tsx";
import { host } from "../state/host.ts";
import { connection } from "../state/live.ts";
import { theme, zone, type Theme } from "../state/preferences.ts";
import { usePlace } from "../state/router.ts";
import { useReadOnly } from "../components/read-only.tsx";
import { useStore } from "../state/store.ts";

export const pages = [
  { href: "/", name: "Overview", key: "o" },
  { href: "/ui/topics", name: "Topics", key: "t" },
  { href: "/ui/explore", name: "Explore", key: "e" },
  { href: "/ui/kafka", name: "Kafka", key: "k" },
  { href: "/ui/dead-letters", name: "Dead letters", key: "d" },
  { href: "/ui/declarations", name: "Declarations", key: "c" },
  { href: "/ui/history", name: "History", key: "h" },
  { href: "/ui/reconcile", name: "Reconcile", key: "r" },
  { href: "/ui/fleet", name: "Fleet", key: "f" },
] as const;

const nextTheme: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const connectionWords = {
  connecting: "Connecting",
  live: "Live",
  paused: "Paused",
  lost: "Not connected",
} as const;

/** On every page: navigation, connection state and time zone. */
export function Header({ onHelp }: { readonly onHelp: () => void }) {
  const { path } = usePlace();
  const inZone = useStore(zone);
  const inTheme = useStore(theme);
  const { state } = useStore(connection);
  const isHere = (href: string): boolean => path === href || (href !== "/" && path.startsWith(`${href}/`));
  const here = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone the pages are a row that scrolls.
    here.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [path]);
  return (
    <header>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <a class="brand" href="/">
        <img src="/assets/icon.svg" alt="" width="20" height="20" />
        Penstock
      </a>
      <HostName />
      <nav ref={here} aria-label="Pages">
        {pages.map(({ href, name }) => (
          <a key={href} href={href} aria-current={isHere(href) ? "page" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <div class="tools">
        {useReadOnly() ? <span class="muted">Read-only</span> : null}
        {state === "idle" ? null : (
          <span class={`live ${state}`}>
            <span aria-hidden="true">{state === "live" ? "●" : "○"} </span>
            {connectionWords[state]}
          </span>
        )}
        <button
          type="button"
          class="plain"
          title="Switch between this browser's time zone and UTC"
          onClick={() => zone.set(inZone === "utc" ? "local" : "utc")}
        >
          <span class="unseen">Time zone: </span>
          {offsetName(clock.get(), inZone)}
        </button>
        <button
          type="button"
          class="plain"
          title="Switch theme"
          onClick={() => theme.set(nextTheme[inTheme])}
        >
          <span aria-hidden="true">◐ </span>
          <span class="unseen">Theme: </span>
          {inTheme}
        </button>
        <SignOut />
        <button type="button" class="plain" aria-label="Help and keys" onClick={onHelp}>
          ?
        </button>
      </div>
    </header>
  );
}

/** Tabs of several hosts must not look the same. */
function HostName() {
  const summary = useStore(host);
  if (summary === null) return null;
  const { name, version } = summary;
  return (
    <span class="host muted" title={`Penstock ${version} on ${name}`}>
      <Hostile text={name} /> <span class="version">{version}</span>
    </span>
  );
}

/** Shown only if this browser signed in with a token. */
const signedInKey = "penstock.signed-in";

export function noteSignedIn(): void {
  sessionStorage.setItem(signedInKey, "yes");
}

function SignOut() {
  if (sessionStorage.getItem(signedInKey) === null) return null;
  const leave = async (): Promise<void> => {
    await ask("/session", { method: "DELETE" });
    sessionStorage.removeItem(signedInKey);
    location.assign("/");
  };
  return (
    <button type="button" class="plain" onClick={() => void leave()}>
      Sign out
    </button>
  );
}
