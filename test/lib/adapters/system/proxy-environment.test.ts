import { expect, test } from "bun:test";
import { takeProxyVariables } from "../../../../lib/adapters/system/proxy-environment.ts";

test("fetch no longer finds a proxy, and grpc keeps its own", () => {
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

test("variables under grpc's own names stay", () => {
  const environment = { https_proxy: "a", grpc_proxy: "g" };
  takeProxyVariables(environment);
  expect(environment).toEqual({ grpc_proxy: "g" } as never);
});
