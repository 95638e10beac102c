import { useEffect, useState, type FC } from "./hooks/hooks.ts";
import type { PagePath } from "../../api/pages.ts";
import type { SessionAnswer } from "../../api/session.ts";
import { access, ask, signInNeeded } from "./state/api.ts";
import { ConnectionBanner } from "./frame/connection-banner.tsx";
import { Header, pages } from "./frame/header.tsx";
import { lazily } from "./components/lazily.tsx";
import { host, hostSilent, iconOf, titleOf } from "./state/host.ts";
import { useShortcuts } from "./state/keys.ts";
import { Overview } from "./overview/page.tsx";
import { zone } from "./state/preferences.ts";
import { navigate, usePlace } from "./state/router.ts";
import { useStore } from "./state/store.ts";

const DeadLetters = lazily(async () => (await import("./dead-letters/page.tsx")).DeadLettersPage);
const Declarations = lazily(async () => (await import("./declarations/page.tsx")).DeclarationsPage);
const Explore = lazily(async () => (await import("./explore/page.tsx")).ExplorePage);
const Fleet = lazily(async () => (await import("./fleet/page.tsx")).FleetPage);
const Help = lazily<{ readonly onClose: () => void }>(async () => (await import("./frame/help.tsx")).Help);
const Kafka = lazily(async () => (await import("./kafka/page.tsx")).KafkaPage);
const History = lazily(async () => (await import("./history/page.tsx")).HistoryPage);
const Reconcile = lazily(async () => (await import("./plan/page.tsx")).ReconcilePage);
const SignIn = lazily(async () => (await import("./frame/sign-in.tsx")).SignIn);
const Topic = lazily<{ readonly topic: string }>(async () => (await import("./topic/page.tsx")).Topic);
const Topics = lazily(async () => (await import("./topics/page.tsx")).Topics);

const routes: Readonly<Record<string, { readonly title: string; readonly Page: FC }>> = {
  "/": { title: "Overview", Page: Overview },
  "/ui/topics": { title: "Topics", Page: Topics },
  "/ui/explore": { title: "Explore", Page: Explore },
  "/ui/kafka": { title: "Kafka", Page: Kafka },
  "/ui/dead-letters": { title: "Dead letters", Page: DeadLetters },
  "/ui/declarations": { title: "Declarations", Page: Declarations },
  "/ui/history": { title: "History", Page: History },
  "/ui/reconcile": { title: "Reconcile", Page: Reconcile },
  "/ui/fleet": { title: "Fleet", Page: Fleet },
} satisfies Record<Exclude<PagePath, "/ui/topics/:topic">, unknown>;
const topicPath = /^\/ui\/topics\/([^/]+)$/;

export function App() {
  const { path } = usePlace();
  const mustSignIn = useStore(signInNeeded);
  const [help, showHelp] = useState(false);
  const topic = topicPath.exec(path)?.[1];
  const route = routes[path];
  const title = topic ?? route?.title ?? "Not found";
  const summary = useStore(host);
  const silent = useStore(hostSilent);
  useEffect(() => {
    document.title = titleOf(title, summary, silent);
    document.querySelector('link[rel="icon"]')?.setAttribute("href", iconOf(summary, silent));
  }, [title, summary, silent]);
  useEffect(() => {
    if (mustSignIn) return;
    // If this fails, nothing is disabled: the host itself refuses what is not allowed.
    void ask<SessionAnswer>("/session").then(
      (answer) => access.set(answer.access),
      () => access.set(null),
    );
  }, [mustSignIn]);
  useShortcuts(Object.fromEntries(pages.map(({ key, href }) => [`g ${key}`, () => navigate(href)])), {
    "?": () => showHelp(true),
    t: () => zone.set(zone.get() === "utc" ? "local" : "utc"),
  });

  if (mustSignIn) return <SignIn />;
  return (
    <>
      <Header onHelp={() => showHelp(true)} />
      <ConnectionBanner />
      <main id="main" tabindex={-1}>
        {topic !== undefined ? (
          <Topic key={topic} topic={topic} />
        ) : route !== undefined ? (
          <route.Page key={path} />
        ) : (
          <>
            <h1>No such page</h1>
            <p>
              There is nothing at this address. <a href="/">Overview</a>
            </p>
          </>
        )}
      </main>
      {help ? <Help onClose={() => showHelp(false)} /> : null}
    </>
  );
}
