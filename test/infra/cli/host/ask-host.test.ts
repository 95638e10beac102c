import { afterAll, expect, test } from "bun:test";
import { z } from "zod";
import { hostOf } from "../../../../infra/cli/host/ask-host.ts";
import { rejection } from "../../../support/rejection.ts";
import { httpSettings } from "../../../support/settings.ts";

const problems: Readonly<Record<string, { readonly status: number; readonly detail: string }>> = {
  "/newer": { status: 404, detail: "There is nothing at this path." },
  "/busy": { status: 429, detail: "Too many at once." },
};
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const problem = problems[new URL(request.url).pathname];
    return problem === undefined ? Response.json([1]) : Response.json(problem, { status: problem.status });
  },
});
afterAll(() => server.stop(true));

const { signal } = new AbortController();
const url = server.url.origin;
const ask = (path: string) => hostOf(httpSettings(), url)(path, z.array(z.number()), signal);

test("an answer comes with the address of its host", async () => {
  expect(await ask("/")).toEqual({ kind: "answer", url, value: [1] });
});

test("an older host without the route counts as none, and the reason says so", async () => {
  expect(await ask("/newer")).toEqual({
    kind: "away",
    reason: `the host at ${url} answered 404: "There is nothing at this path."; it may be an older version of Penstock`,
  });
});

test("one that refuses does not", async () => {
  expect(await rejection(ask("/busy"))).toMatchObject({ code: "host_refused" });
});
