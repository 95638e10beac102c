import { expect, test } from "bun:test";
import { identityOf } from "../../../../infra/host/fleet/identity.ts";
import { httpSettings } from "../../../support/settings.ts";

const origin = { machineName: "logs-1", version: "0.2.0", newMarker: () => "mark", now: () => 1 };

test.each([
  ["127.0.0.1", null, "http://127.0.0.1:8081"],
  ["10.0.0.7", null, "http://10.0.0.7:8081"],
  ["0.0.0.0", null, "http://logs-1:8081"],
  ["::", null, "http://logs-1:8081"],
  ["::1", null, "http://[::1]:8081"],
  ["0.0.0.0", "https://logs.example:8443", "https://logs.example:8443"],
])("a host on %s that is to advertise %p tells %s", (hostname, advertised, address) => {
  expect(identityOf({ ...httpSettings(), hostname, advertised }, 8081, origin)).toEqual({
    id: "mark",
    profile: { name: "logs-1", version: "0.2.0", address, startedAtMs: 1 },
  });
});

test("with TLS its address says so", () => {
  const http = httpSettings({ tls: { cert: "cert", key: "key" } });
  expect(identityOf(http, 8081, origin).profile.address).toBe("https://127.0.0.1:8081");
});
