/** Those that Bun's fetch follows by itself, by rules of its own and whatever it is told. */
const FETCH_VARIABLES = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"].flatMap((name) => [
  name,
  name.toUpperCase(),
]);

/**
 * Takes the variables about proxies out of a process's environment, so that nothing but our own rule decides who is asked
 * through which (lib/rules/config/proxy.ts). For grpc, which speaks to etcd, they stay under the names of its own.
 * @returns the environment as it was
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
