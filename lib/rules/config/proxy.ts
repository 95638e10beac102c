import { BlockList, isIP } from "node:net";
import { Secret } from "../secrets/secret.ts";
import type { NodeProxy } from "../model/settings.ts";
import type { Environment } from "../yaml/substitute.ts";

/** The proxies that the setting or the environment defines. */
export interface FoundProxies {
  /** By node; nodes without a proxy are absent. */
  readonly proxies: Readonly<Record<string, NodeProxy>>;
  /** One sentence for each variable that cannot be used. */
  readonly notices: readonly string[];
}

export const proxySetting = "elasticsearch.proxy";
export const proxyRule = "is neither none nor a proxy URL (http:// or https:// and a host, without a path)";

/** Whether this is a valid value of `elasticsearch.proxy`. */
export function isProxySetting(value: string): boolean {
  return value === "none" || proxyAt(value, proxySetting) !== null;
}

/**
 * Chooses the proxy of each node from the setting, or else from the environment by curl's rules (`curl(1)`,
 * `lib/noproxy.c`): `http_proxy` in lower case only, because a CGI request can set the other; `https_proxy` and
 * `HTTPS_PROXY`; then `all_proxy` and `ALL_PROXY`; except for hosts listed in `no_proxy` or `NO_PROXY`.
 */
export function findProxies(
  nodes: readonly string[],
  setting: string | undefined,
  environment: Environment,
): FoundProxies {
  const notices = new Set<string>();
  const found = (node: string): NodeProxy | null => {
    if (setting !== undefined) return setting === "none" ? null : proxyAt(setting, proxySetting);
    const name = variablesFor(node).find((variable) => isSet(environment[variable]));
    if (name === undefined || isExcepted(new URL(node).hostname, environment)) return null;
    const value = environment[name] ?? "";
    const proxy = proxyAt(value.includes("://") ? value : `http://${value}`, name);
    if (proxy === null) {
      notices.add(
        `the proxy in ${name} is not used for ${node}: only http and https proxies are supported; set ${proxySetting}`,
      );
    }
    return proxy;
  };
  const proxies: Record<string, NodeProxy> = {};
  for (const node of nodes) {
    const proxy = found(node);
    if (proxy !== null) proxies[node] = proxy;
  }
  return { proxies, notices: [...notices] };
}

export function proxyText({ url, from }: NodeProxy): string {
  return `the proxy ${url} (${from})`;
}

function variablesFor(node: string): readonly string[] {
  const own = node.startsWith("https:") ? ["https_proxy", "HTTPS_PROXY"] : ["http_proxy"];
  return [...own, "all_proxy", "ALL_PROXY"];
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

function proxyAt(text: string, from: string): NodeProxy | null {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === "") return null;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return null;
  const { username, password } = url;
  const login =
    username === "" && password === ""
      ? null
      : { username: decoded(username), password: new Secret(decoded(password)) };
  return { url: url.origin, login, from };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not percent-encoded: a lone % means itself.
    return text;
  }
}

function isExcepted(hostname: string, environment: Environment): boolean {
  const lower = environment["no_proxy"];
  const value = isSet(lower) ? lower : environment["NO_PROXY"];
  if (!isSet(value)) return false;
  const host = bare(hostname);
  return value.split(/[\s,]+/).some((entry) => entry === "*" || covers(bare(entry), host));
}

/** Strips the brackets of IPv6 and the trailing dot of a name. */
function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

/** An entry is an address, a network in CIDR notation, or a domain with its subdomains, with or without a leading dot. */
function covers(entry: string, host: string): boolean {
  if (entry === "") return false;
  const family = familyOf(host);
  if (family === null) {
    const domain = entry.replace(/^\./, "");
    return host === domain || host.endsWith(`.${domain}`);
  }
  const [address = "", bits] = entry.split("/");
  if (bits === undefined) return address === host;
  const length = Number(bits);
  const most = family === "ipv4" ? 32 : 128;
  if (familyOf(address) !== family || !/^\d{1,3}$/.test(bits) || length > most) return false;
  const network = new BlockList();
  network.addSubnet(address, length, family);
  return network.check(host, family);
}

function familyOf(host: string): "ipv4" | "ipv6" | null {
  const version = isIP(host);
  if (version === 0) return null;
  return version === 4 ? "ipv4" : "ipv6";
}
