import { expect, test } from "bun:test";
import { takeProxyVariables } from "../../../../lib/adapters/system/proxy-environment.ts";

test("fetch finds no proxy any more, and grpc those it found before", () => {
  const environment: Record<string, string | undefined> = {
    HTTP_PROXY: "a",
    http_proxy: "b",
    NO_PROXY: "c",
    no_proxy: "d",
    HOME: "/",
  };
  const before = { ...environment };
  expect(takeProxyVariables(environment)).toEqual(before);
  expect(environment).toEqual({ HOME: "/", grpc_proxy: "b", no_grpc_proxy: "d" });
});

test("where grpc has names of its own, they stay", () => {
  const environment = { https_proxy: "a", grpc_proxy: "g" };
  takeProxyVariables(environment);
  expect(environment).toEqual({ grpc_proxy: "g" } as never);
});
