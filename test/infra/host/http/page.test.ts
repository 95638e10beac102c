import { expect, test } from "bun:test";
import { topicStatus } from "../../../support/topic-status.ts";
import { setUp, token } from "./fixture.ts";

test("the page and its assets are the same with and without data, signed in or not", async () => {
  const topics = [topicStatus({ topic: "secret_topic" })];
  const [open, closed] = [setUp({}, { topics: () => topics }), setUp({ token }, { topics: () => topics })];
  for (const [path, type] of [
    ["/", "text/html; charset=utf-8"],
    ["/assets/console.js", "text/javascript; charset=utf-8"],
    ["/assets/console.css", "text/css; charset=utf-8"],
  ] as const) {
    const answers = await Promise.all([open, closed].map(({ ask }) => ask(path)));
    const [first, second] = await Promise.all(answers.map((answer) => answer.text()));
    expect(answers[0]?.headers.get("content-type")).toBe(type);
    expect(first).toBe(second ?? "");
    expect(first).not.toContain("secret_topic");
  }
});

test("the page obeys its own policy: no inline script, style or handler, nothing from elsewhere", async () => {
  const html = await (await setUp().ask("/")).text();
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|https?:|data:|<script(?![^>]*\ssrc="\/assets\/)/i);
  for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
    expect((await setUp().ask(path ?? "")).status).toBe(200);
  }
});

test("the script writes text nodes only, and asks for every element by an id the page has", async () => {
  const { ask } = setUp();
  const [html, script] = await Promise.all(
    ["/", "/assets/console.js"].map(async (path) => (await ask(path)).text()),
  );
  expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function/);
  const ids = [...(script ?? "").matchAll(/\[((?:"[\w-]+",? ?)+)\]\.map\(byId\)/g)].flatMap(([, list]) =>
    [...(list ?? "").matchAll(/"([\w-]+)"/g)].map(([, id]) => id ?? ""),
  );
  expect(ids).toHaveLength(8);
  for (const id of ids) expect(html).toContain(`id="${id}"`);
});
