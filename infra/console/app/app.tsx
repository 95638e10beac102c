import { useEffect, useState, type FC } from "hono/jsx/dom";
import type { SessionAnswer } from "../../host/http/session-answer.ts";
import { access, ask, signInNeeded } from "./api.ts";
import { ConnectionBanner } from "./components/connection-banner.tsx";
import { Header, pages } from "./components/header.tsx";
import { Help } from "./components/help.tsx";
import { useShortcuts } from "./keys.ts";
import { DeadLetters } from "./pages/dead-letters.tsx";
import { Declarations } from "./pages/declarations.tsx";
import { Explore } from "./pages/explore.tsx";
import { Overview } from "./pages/overview.tsx";
import { Reconcile } from "./pages/reconcile.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { Topic } from "./pages/topic.tsx";
import { Topics } from "./pages/topics.tsx";
import { navigate, usePlace } from "./router.ts";
import { useStore } from "./store.ts";

const routes: Readonly<Record<string, { readonly title: string; readonly Page: FC }>> = {
  "/": { title: "Overview", Page: Overview },
  "/ui/topics": { title: "Topics", Page: Topics },
  "/ui/explore": { title: "Explore", Page: Explore },
  "/ui/dead-letters": { title: "Dead letters", Page: DeadLetters },
  "/ui/declarations": { title: "Declarations", Page: Declarations },
  "/ui/reconcile": { title: "Reconcile", Page: Reconcile },
};
const topicPath = /^\/ui\/topics\/([^/]+)$/;

export function App() {
  const { path } = usePlace();
  const mustSignIn = useStore(signInNeeded);
  const [help, showHelp] = useState(false);
  const topic = topicPath.exec(path)?.[1];
  const route = routes[path];
  const title = topic ?? route?.title ?? "Not found";
  useEffect(() => {
    document.title = `${title} · Penstock`;
  }, [title]);
  useEffect(() => {
    if (mustSignIn) return;
    // Where it cannot be told nothing is switched off: the host refuses what is not allowed.
    void ask<SessionAnswer>("/session").then(
      (answer) => access.set(answer.access),
      () => access.set(null),
    );
  }, [mustSignIn]);
  useShortcuts(Object.fromEntries(pages.map(({ key, href }) => [`g ${key}`, () => navigate(href)])), {
    "?": () => showHelp(true),
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
          <h1>There is nothing at this address</h1>
        )}
      </main>
      {help ? <Help onClose={() => showHelp(false)} /> : null}
    </>
  );
}
