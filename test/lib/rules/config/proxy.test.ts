import { describe, expect, test } from "bun:test";
import { findProxies, isProxySetting, proxyText } from "../../../../lib/rules/config/proxy.ts";
import type { Environment } from "../../../../lib/rules/yaml/substitute.ts";
import { secretsOf } from "../../../../lib/rules/secrets/secret.ts";

const http = "http://127.0.0.1:9200";
const https = "https://es.example.com:9200";

/** A node's proxy as text; null for none. */
function through(node: string, environment: Environment, setting?: string): string | null {
  const proxy = findProxies([node], setting, environment).proxies[node];
  return proxy === undefined ? null : proxyText(proxy);
}

describe("the environment, by curl's rules", () => {
  test.each([
    [http, { http_proxy: "http://p:1" }, "the proxy http://p:1 (http_proxy)"],
    // A CGI request could set it: its header Proxy becomes HTTP_PROXY.
    [http, { HTTP_PROXY: "http://p:1" }, null],
    [http, { https_proxy: "http://p:1" }, null],
    [http, { http_proxy: "p:1" }, "the proxy http://p:1 (http_proxy)"],
    [http, { http_proxy: "" }, null],
    [https, { https_proxy: "http://p:1", HTTPS_PROXY: "http://q:1" }, "the proxy http://p:1 (https_proxy)"],
    [https, { HTTPS_PROXY: "https://p:1" }, "the proxy https://p:1 (HTTPS_PROXY)"],
    [https, { http_proxy: "http://p:1" }, null],
    [http, { ALL_PROXY: "http://p:1" }, "the proxy http://p:1 (ALL_PROXY)"],
    [https, { all_proxy: "http://p:1/" }, "the proxy http://p:1 (all_proxy)"],
  ])("%s with %j: %p", (node, environment, expected) => {
    expect(through(node, environment)).toBe(expected);
  });

  test.each([
    ["http://127.0.0.1", "localhost", false],
    ["http://127.0.0.1", "localhost, 127.0.0.1", true],
    ["http://127.0.0.1", "*", true],
    ["http://127.0.0.1", "0.0.1", false],
    ["http://10.1.2.3", "10.0.0.0/8", true],
    ["http://11.1.2.3", "10.0.0.0/8", false],
    ["http://10.1.2.3", "10.0.0.0/99", false],
    ["http://[fd00::1]", "fd00::/16", true],
    ["http://[::1]", "[::1]", true],
    ["http://es.example.com", "example.com", true],
    ["http://es.example.com", ".example.com", true],
    ["http://example.com", ".example.com", true],
    ["http://ES.Example.com.", "example.COM", true],
    ["http://badexample.com", "example.com", false],
    ["http://es.example.com", "es", false],
  ])("%s with no_proxy %s: excepted %p", (node, no_proxy, excepted) => {
    expect(through(node, { http_proxy: "p:1", no_proxy }) === null).toBe(excepted);
    expect(through(node, { http_proxy: "p:1", NO_PROXY: no_proxy }) === null).toBe(excepted);
  });

  test("a proxy of another kind is not used, and reported", () => {
    expect(findProxies([http], undefined, { all_proxy: "socks5://p:1" })).toEqual({
      proxies: {},
      notices: [
        "the proxy in all_proxy is not used for http://127.0.0.1:9200: only http and https proxies are supported; set elasticsearch.proxy",
      ],
    });
  });
});

describe("elasticsearch.proxy", () => {
  const environment = { http_proxy: "http://p:1", no_proxy: "*" };
  test("overrides the environment, including no_proxy", () => {
    expect(through(http, environment, "http://q:2")).toBe("the proxy http://q:2 (elasticsearch.proxy)");
    expect(through(http, { http_proxy: "http://p:1" }, "none")).toBeNull();
  });

  test("may contain a login, which is never shown", () => {
    const { proxies } = findProxies([http], "http://u:p%40ss@q:2", {});
    expect(proxies[http]).toMatchObject({ url: "http://q:2", login: { username: "u" } });
    expect(proxies[http]?.login?.password.reveal()).toBe("p@ss");
    expect(secretsOf(proxies)).toContain("u:p@ss");
    expect(JSON.stringify(proxies)).not.toContain("p@ss");
  });

  test.each([
    ["none", true],
    ["http://q:2", true],
    ["https://u:p@q", true],
    ["q:2", false],
    ["socks5://q:2", false],
    ["http://q:2/path", false],
    ["", false],
  ])("%j: %p", (value, good) => {
    expect(isProxySetting(value)).toBe(good);
  });
});
