import { get } from "node:http";
import { get as getOverTls } from "node:https";
import { isLoopbackHostname } from "../../lib/rules/secrets/loopback.ts";

/**
 * The image's health check; the slim image has no curl. Exits with 0 if the host answers 200, else with 1 and the reason.
 * The time limit is below the 5 s of the Dockerfile's HEALTHCHECK, so that the reason is still printed.
 *
 * The URL is an argument or PENSTOCK_HEALTH_URL (https://127.0.0.1:8080/healthz with `http.tls`). It is not read from the config
 * file, because a port changed there takes effect only after a restart. On loopback the certificate is not verified: it is
 * issued to the host's public name.
 *
 * Does not use fetch, which would ask the proxy in HTTP_PROXY. Docker passes that variable to every container.
 */
const [url = process.env["PENSTOCK_HEALTH_URL"] ?? "http://127.0.0.1:8080/healthz"] = process.argv.slice(2);
const judge = ({ statusCode }: { readonly statusCode?: number | undefined }): never =>
  statusCode === 200 ? process.exit(0) : fail(`answered ${statusCode}`);

(url.startsWith("https:")
  ? getOverTls(url, { rejectUnauthorized: !isLoopbackHostname(new URL(url).hostname) }, judge)
  : get(url, judge)
).on("error", ({ message }) => fail(message));
setTimeout(() => fail("no answer within 4 s"), 4_000);

function fail(reason: string): never {
  process.stderr.write(`${url}: ${reason}\n`);
  process.exit(1);
}
