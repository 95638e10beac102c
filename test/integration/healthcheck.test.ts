import { expect, test } from "bun:test";
import { join } from "node:path";
import { createAuthority } from "../support/certificates.ts";

const check = async (url: string): Promise<{ code: number; said: string }> => {
  const proxy = "http://127.0.0.1:1";
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../../infra/deploy/healthcheck.ts")], {
    // Docker sets a proxy in every container if its client has one.
    env: {
      ...process.env,
      HTTP_PROXY: proxy,
      http_proxy: proxy,
      HTTPS_PROXY: proxy,
      PENSTOCK_HEALTH_URL: url,
    },
    stderr: "pipe",
  });
  return { said: await new Response(child.stderr).text(), code: await child.exited };
};

test.each(["http", "https"])(
  "the health check tells a host that answers %s from one that does not",
  async (scheme) => {
    await using authority = await createAuthority();
    // Outside callers use this name; the check does not.
    const tls = await authority.issue("host", { hosts: ["penstock.example"] });
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      ...(scheme === "https" && { tls }),
      fetch: ({ url }) => new Response(null, { status: url.endsWith("/healthz") ? 200 : 503 }),
    });
    const at = `${scheme}://127.0.0.1:${server.port}`;
    try {
      expect(await check(`${at}/healthz`)).toEqual({ code: 0, said: "" });
      expect(await check(`${at}/other`)).toEqual({ code: 1, said: `${at}/other: answered 503\n` });
    } finally {
      await server.stop(true);
    }
    expect(await check(`${at}/healthz`)).toMatchObject({
      code: 1,
      said: expect.stringContaining(`${at}/healthz`),
    });
  },
);
