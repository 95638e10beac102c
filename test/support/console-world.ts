import { uniqueName } from "./kafka.ts";
import { type StackClients, useStack } from "./stack-clients.ts";

/** Real servers for tests of the console, and the part of a host's config with their addresses. */
export interface ConsoleWorld extends Pick<StackClients, "kafka" | "elasticsearch"> {
  /** For a host of its own: no other test uses its group, dead-letter topic and etcd key. */
  readonly servers: Omit<StackClients["config"], "history"> & {
    readonly etcd: { readonly endpoints: string[]; readonly keys: string[] };
  };
}

/** For the tests of a `describe`. */
export function useConsoleWorld(): ConsoleWorld {
  const stack = useStack();
  const keys = [`${uniqueName("console")}/`];
  return {
    get kafka() {
      return stack.kafka;
    },
    get elasticsearch() {
      return stack.elasticsearch;
    },
    get servers() {
      const { history: _off, ...servers } = stack.config;
      return { ...servers, etcd: { endpoints: stack.addresses.etcdEndpoints, keys } };
    },
  };
}
