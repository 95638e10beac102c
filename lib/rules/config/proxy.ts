import { BlockList, isIP } from "node:net";
import { Secret } from "../secrets/secret.ts";
import type { NodeProxy } from "../model/settings.ts";
import type { Environment } from "../yaml/substitute.ts";

/** What the environment says of proxies. */
export interface FoundProxies {
  /** By node; those that are asked directly are absent. */
  readonly proxies: Readonly<Record<string, NodeProxy>>;
  /** One sentence for each variable that cannot be followed. */
  readonly notices: readonly string[];
}

export const proxySetting = "elasticsearch.proxy";
export const proxyRule =
  "is neither none nor a proxy's URL (http:// or https://, a host and nothing behind it)";

/** Whether `elasticsearch.proxy` may say this. */
export function isProxySetting(value: string): boolean {
  return value === "none" || proxyAt(value, proxySetting) !== null;
}

/**
 * Through which proxies the nodes are asked: as the setting says, else as the environment does, by curl's rules
 * (`curl(1)`, and `lib/noproxy.c`): `http_proxy` in lower case only, since a CGI request may set the other; `https_proxy` and
 * `HTTPS_PROXY`; then `all_proxy` and `ALL_PROXY`; but for what `no_proxy` or `NO_PROXY` names.
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
        `the proxy in ${name} is not used for ${node}: only http and https proxies are; set ${proxySetting}`,
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

/** For messages. */
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
    // Written without encoding: a lone % is itself.
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

/** Without the brackets of IPv6 and the dot of a name's end. */
function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
}

/** An address, a network in CIDR notation, or a domain with all below it, with or without a dot in front. */
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
