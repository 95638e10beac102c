import { expect, test } from "bun:test";
import { pagePaths } from "../../../../../infra/api/pages.ts";
import { listedTopic } from "../../../../support/topic-status.ts";
import { setUp, token } from "../fixture.ts";

const paths = pagePaths.map((path) => path.replace(":topic", "my_topic"));

/** What the document loads. */
async function loadedBy(html: string): Promise<{ path: string; text: string; headers: Headers }[]> {
  const { ask } = setUp();
  const found = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = ""]) => path);
  return Promise.all(
    found.map(async (path) => {
      const answer = await ask(path);
      expect(answer.status).toBe(200);
      return { path, text: await answer.text(), headers: answer.headers };
    }),
  );
}

test("every page and what it loads is the same with and without data, signed in or not", async () => {
  const topics = [listedTopic({ topic: "secret_topic" })];
  const [open, closed] = [
    setUp({}, { topics: async () => topics }),
    setUp({ token }, { topics: async () => topics }),
  ];
  const documents = new Set<string>();
  for (const path of paths) {
    for (const { ask } of [open, closed]) {
      const answer = await ask(path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
      documents.add(await answer.text());
    }
  }
  const [html = "", ...others] = documents;
  expect(others).toEqual([]);
  expect(html).not.toContain("secret_topic");
  for (const { path } of await loadedBy(html)) expect((await closed.ask(path)).status).toBe(200);
});

test("the pages' data is not open with them", async () => {
  const { ask } = setUp({ token });
  for (const path of ["/ui/events?view=overview", "/ui/topics/a/b", "/ui", "/topics"])
    expect((await ask(path)).status).toBe(401);
});

test("a browser that asks for a page that does not exist gets one that says so, also before it signed in", async () => {
  const headers = { accept: "text/html,application/xhtml+xml" };
  for (const { ask } of [setUp(), setUp({ token })]) {
    const answer = await ask("/ui/nothere", { headers });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect(await answer.text()).toBe(await (await ask("/")).text());
  }
  const { ask } = setUp({ token });
  expect((await ask("/topics", { headers })).status).toBe(401);
  expect((await ask("/ui/nothere", { headers, method: "POST" })).status).toBe(401);
  expect((await setUp().ask("/ui/nothere")).headers.get("content-type")).toBe("application/problem+json");
});

test("the page obeys its own policy: no inline script, style or handler, nothing from elsewhere", async () => {
  const answer = await setUp().ask("/");
  const html = await answer.text();
  expect(answer.headers.get("content-security-policy")).toContain("script-src 'self'; style-src 'self'");
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|https?:|data:|<script(?![^>]*\ssrc="\/assets\/)/i);
});

test("assets are kept for ever, as their names change with them; the document is asked for each time", async () => {
  const { ask } = setUp();
  const document = await ask("/");
  expect(document.headers.get("cache-control")).toBe("no-cache");
  const etag = document.headers.get("etag") ?? "";
  const again = await ask("/", { headers: { "if-none-match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);

  const assets = await loadedBy(await document.text());
  for (const { path, headers } of assets) {
    expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    if (!path.endsWith(".svg")) expect(path).toMatch(/-[a-z0-9]{8}\.(js|css)$/);
  }
  expect((await ask("/assets/main-00000000.js")).status).toBe(404);
});

test("assets are sent packed to whoever takes that", async () => {
  const { consoleFiles, ask } = setUp();
  for (const [name, { bytes, gzipped }] of (await consoleFiles()).assets) {
    const headers = { "accept-encoding": "gzip, deflate, br" };
    const answer = await ask(`/assets/${name}`, { headers });
    expect(answer.headers.get("content-encoding")).toBe("gzip");
    expect((await answer.arrayBuffer()).byteLength).toBe(gzipped.length);
    expect((await (await ask(`/assets/${name}`)).arrayBuffer()).byteLength).toBe(bytes.length);
  }
});

test("the script sets no markup", async () => {
  const assets = await loadedBy(await (await setUp().ask("/")).text());
  const script = assets.find(({ path }) => path.endsWith(".js"))?.text ?? "";
  expect(script.length).toBeGreaterThan(1_000);
  // The library's own way to set markup is there, and nobody of ours uses it.
  const { stdout } = Bun.spawnSync([
    "grep",
    "-rlE",
    "dangerouslySetInnerHTML|innerHTML|eval\\(|document\\.write",
    "infra/console/app",
  ]);
  expect(stdout.toString()).toBe("");
});
