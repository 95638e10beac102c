import { expect, test } from "bun:test";
import { ignored, route, type Route, text } from "../../../../infra/api/kit/route.ts";
import { routesByPath, subjects } from "../../../../infra/api/subjects.ts";

const routes = subjects.flatMap((subject) => Object.values<Route>(subject.routes));
const bare = { method: "GET", path: "/x", query: ignored, summary: "", answers: { 200: text("") } } as const;

test("a route without an access class does not compile", () => {
  // @ts-expect-error -- `access` is missing
  expect(route(bare)).toBe(bare);
  // @ts-expect-error -- nor is this a class
  route({ ...bare, access: "everybody" });
  expect(route({ ...bare, access: "look" }).access).toBe("look");
});

test("each method of each path is defined once", () => {
  const names = routes.map(({ method, path }) => `${method} ${path}`);
  expect(names).toHaveLength(new Set(names).size);
  expect([...routesByPath.values()].flat()).toHaveLength(routes.length);
});

test("what is open holds no data: the console's files, signing in, and the two probes", () => {
  const open = routes.filter(({ access }) => access === "open" || access === "page");
  expect(open.map(({ path }) => path).filter((path) => !path.startsWith("/ui/"))).toEqual([
    "/healthz",
    "/readyz",
    "/session",
    "/session",
    "/session",
    "/",
    "/assets/:name",
  ]);
});

test("a GET changes nothing, and whatever else does is not for the read-only token", () => {
  for (const { method, path, access } of routes) {
    const changes = access === "change" || access === "change-unless-dry";
    expect({ path, changes }).toEqual({ path, changes: method !== "GET" && path !== "/session" });
  }
});

test("every parameter in a path is described", () => {
  for (const { path, params = {} } of routes) {
    const named = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name ?? "");
    expect({ path, named: Object.keys(params) }).toEqual({ path, named });
  }
});
