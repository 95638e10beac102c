import { get } from "node:http";

/**
 * The image's health check, for the slim image has no curl: exits 0 if the host answers 200, else 1 with the reason.
 * Its time limit is below the 5 s of the Dockerfile's HEALTHCHECK, so that the reason is still told.
 *
 * Not with fetch, which would ask the proxy in HTTP_PROXY: Docker hands that variable to every container.
 */
const [url = "http://127.0.0.1:8080/healthz"] = process.argv.slice(2);

get(url, { signal: AbortSignal.timeout(4_000) }, ({ statusCode }) =>
  statusCode === 200 ? process.exit(0) : fail(`answered ${statusCode}`),
).on("error", ({ message }) => fail(message));

function fail(reason: string): never {
  process.stderr.write(`${url}: ${reason}\n`);
  process.exit(1);
}
