import { type Check, checksOf } from "./check.ts";

const { ok, failed } = checksOf("host");

/** The state of the host's HTTP address. */
export type PortFacts =
  | { readonly kind: "free" }
  /** A Penstock host listens there. */
  | { readonly kind: "penstock" }
  | { readonly kind: "taken" }
  | { readonly kind: "refused"; readonly reason: string };

export function judgePort(hostname: string, port: number, facts: PortFacts): Check {
  const name = `http ${hostname}:${port}`;
  switch (facts.kind) {
    case "free":
      return ok(name, "free");
    case "penstock":
      return ok(name, "a Penstock host answers there");
    case "taken":
      return failed(name, "something else listens there", "stop it, or choose another http.port");
    case "refused":
      return failed(name, facts.reason, "correct http.hostname and http.port");
  }
}
