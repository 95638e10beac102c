import type { NodeProxy } from "../../rules/model/settings.ts";

/** For fetch's option `proxy`: its URL with the login, if it needs one. */
export function proxyAddress({ url, login }: NodeProxy): string {
  const address = new URL(url);
  address.username = encodeURIComponent(login?.username ?? "");
  address.password = encodeURIComponent(login?.password.reveal() ?? "");
  return address.href;
}

/** Variables that Bun's fetch follows by its own rules, whatever its options say. */
const FETCH_VARIABLES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/**
 * Removes the proxy variables from a process's environment, so that only our own rule chooses the proxy
 * (lib/rules/config/proxy.ts). grpc, which talks to etcd, keeps them under its own names.
 * @returns the environment before the change
 */
export function takeProxyVariables(
  environment: Record<string, string | undefined>,
): Readonly<Record<string, string | undefined>> {
  const before = { ...environment };
  const keep = (name: string, value: string | undefined): void => {
    if (value !== undefined) environment[name] ??= value;
  };
  keep("grpc_proxy", before["https_proxy"] ?? before["http_proxy"]);
  keep("no_grpc_proxy", before["no_proxy"]);
  for (const name of FETCH_VARIABLES) delete environment[name];
  return before;
}
