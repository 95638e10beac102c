import { proxySetting } from "../config/proxy.ts";
import { linkRemedy } from "../trouble/link-trouble.ts";
import { type Remedy, remedy } from "./remedy.ts";

const start = "start it, or correct elasticsearch.nodes (scheme, port) and elasticsearch.tls";
const LOGS = "look into the log of Elasticsearch, or of the proxy in front of it";

/**
 * What to do if Elasticsearch did not answer, or not as expected.
 * @param message in our words
 * @param status of its answer; null if there was none
 * @param isOther whether something else answers at the address
 */
export function connectionRemedy(message: string, status: number | null, isOther: boolean): Remedy {
  if (status === 401)
    return remedy("correct elasticsearch.auth: Elasticsearch does not accept this user or password");
  if (message.includes("has no master"))
    return remedy(
      "start the master-eligible nodes that are down, until more than half of them run and can reach each other",
    );
  if (/\bthe proxy .*\(/.test(message))
    return remedy(
      `correct the proxy, or set ${proxySetting} to none (if the proxy comes from the environment, no_proxy can name the node)`,
    );
  if (message.startsWith("elasticsearch.compression"))
    return remedy(
      "let the proxy in front of Elasticsearch pass on compressed bodies and the header content-encoding, or set elasticsearch.compression to none",
    );
  const link = linkRemedy(message);
  if (link !== null) return remedy(link);
  if (status !== null) return remedy(LOGS);
  return remedy(isOther ? "point elasticsearch.nodes to Elasticsearch 8 or 9" : start);
}
