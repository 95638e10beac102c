import type { Kit, Shape } from "../kit.ts";

const apps = ["41 applications"];
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

const clf = ({ at, iso }: Kit): string =>
  `${iso.slice(8, 10)}/${MONTHS[at.getUTCMonth()]}/${iso.slice(0, 4)}:${iso.slice(11, 19)} +0000`;
const paths = [
  "/api/v1/orders?page=2&sort=-created",
  "/static/app.7f3c.js",
  "/checkout/confirm",
  "/wp-login.php",
];
const agents = ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/8.9.1", "-"];

/** A webhook of a forge: hundreds of names in one record, others in the next. */
function wideEvent(kit: Kit): object {
  const urls = Object.fromEntries(
    Array.from({ length: 60 }, (_, n) => [
      `${kit.pick(["keys", "forks", "hooks", "issues", "labels", "events"])}_${kit.below(400)}_url_${n}`,
      `https://forge.example.org/${kit.hex(4)}{/id}`,
    ]),
  );
  const who = {
    login: kit.person(),
    id: kit.below(1e6),
    site_admin: false,
    avatar_url: `https://forge.example.org/u/${kit.below(99)}`,
  };
  return {
    action: kit.pick(["opened", "closed", "synchronize"]),
    repository: {
      id: kit.below(1e9),
      full_name: "example/shop",
      owner: who,
      license: kit.mostly([null, { key: "mit" }, "mit"]),
      topics: [],
      ...urls,
    },
    pull_request: kit.mostly([
      null,
      {
        title: `Fix ${kit.prose(5)}`,
        body: `${kit.prose(12)}\r\n\r\n- [ ] ${kit.prose(4)}`,
        user: who,
        merged_by: kit.mostly([who, null, "ghost"]),
      },
    ]),
    commits: Array.from({ length: kit.below(3) }, () => ({
      id: kit.hex(40),
      message: `Mend ${kit.prose(4)}`,
      author: { name: kit.person() },
    })),
    changes: kit.mostly([{}, { title: { from: kit.prose(3) } }, { title: kit.prose(2) }]),
    sender: who,
  };
}

/** Proxies, web servers, webhooks. */
export const webShapes: readonly Shape[] = [
  {
    name: "envoy-json",
    timestamp: ["start_time"],
    groups: apps,
    of: (kit) => ({
      start_time: kit.iso,
      method: "GET",
      path: kit.pick(paths),
      response_code: kit.mostly([200, 503, 0]),
      response_flags: kit.pick(["-", "UH", "UF,URX"]),
      duration: kit.mostly([kit.below(900), "-"]),
      upstream_service_time: kit.mostly([String(kit.below(900)), null, "-", 12]),
      upstream_host: kit.mostly([`${kit.ip()}:8080`, null, "-"]),
      route_name: "default",
      upstream_transport_failure_reason: kit.once(4)
        ? `TLS_error:|268435581:SSL routines:OPENSSL_internal:CERTIFICATE_VERIFY_FAILED`
        : null,
      requested_server_name: "outbound_.8080_._.shop.prod.svc.cluster.local",
    }),
  },
  {
    name: "traefik-json",
    timestamp: ["StartUTC"],
    groups: apps,
    of: (kit) => ({
      ClientAddr: `${kit.ip()}:4711`,
      ClientUsername: kit.pick(["-", kit.person()]),
      Duration: kit.below(90_000_000),
      DownstreamStatus: 200,
      OriginStatus: kit.mostly([200, 0, "-"]),
      RequestPath: kit.pick(paths),
      RouterName: "shop@kubernetescrd",
      StartUTC: kit.iso.replace("Z", "123456Z"),
      "request_User-Agent": kit.pick(agents),
      level: "info",
      msg: "",
      time: `${kit.iso.slice(0, 19)}Z`,
    }),
  },
  {
    name: "nginx-json",
    timestamp: ["time_local"],
    precisionMs: 1000,
    groups: apps,
    of: (kit) => ({
      time_local: clf(kit),
      remote_addr: kit.ip(),
      remote_user: kit.pick(["", kit.person()]),
      request: `GET ${kit.pick(paths)} HTTP/2.0`,
      status: kit.mostly(["200", 200]),
      body_bytes_sent: String(kit.below(9000)),
      upstream_response_time: kit.mostly(["0.012", "-", "0.010, 0.250", 0.2]),
      http_user_agent: kit.pick(agents),
      http_referrer: "https://shop.example.org/cart",
    }),
  },
  {
    name: "nginx-msec",
    timestamp: ["msec"],
    of: (kit) => ({
      msec: (kit.ms / 1000).toFixed(3),
      uri: kit.pick(paths),
      request_time: kit.mostly([0.012, "-"]),
      ssl_protocol: "TLSv1.3",
      geo: kit.mostly(["CH", { country: "CH" }]),
    }),
  },
  {
    name: "caddy-json",
    timestamp: ["ts"],
    text: "msg",
    groups: apps,
    of: (kit) => ({
      level: "info",
      ts: kit.ms / 1000,
      logger: "http.log.access.log0",
      msg: kit.pick([
        "handled request",
        `reverse_proxy: dial tcp ${kit.ip()}:9000: connect: connection refused`,
      ]),
      request: {
        remote_ip: kit.ip(),
        method: "GET",
        host: "shop.example.org",
        uri: kit.pick(paths),
        headers: { "User-Agent": [kit.pick(agents)], "": ["x"] },
        tls: { resumed: false, version: 772 },
      },
      user_id: kit.mostly(["", 7]),
      duration: kit.below(900) / 1000,
      status: 200,
      resp_headers: {
        "Content-Type": ["text/html; charset=utf-8"],
        Server: kit.mostly([["Caddy"], "Caddy"]),
      },
    }),
  },
  {
    name: "nginx-combined",
    format: "text",
    of: (kit) =>
      `${kit.ip()} - ${kit.pick(["-", kit.person()])} [${clf(kit)}] "GET ${kit.pick(paths)} HTTP/1.1" ${kit.pick([200, 404])} ${kit.below(9000)} "https://shop.example.org/" "${kit.pick(agents)}"`,
  },
  {
    name: "nginx-error",
    format: "text",
    of: (kit) =>
      `${kit.iso.slice(0, 19).replaceAll("-", "/").replace("T", " ")} [error] ${kit.below(99)}#0: *${kit.below(9999)} connect() failed (111: Connection refused) while connecting to upstream, client: ${kit.ip()}, server: shop.example.org, request: "GET ${kit.pick(paths)} HTTP/1.1", upstream: "http://${kit.ip()}:8080/${kit.prose(1)}"`,
  },
  {
    name: "haproxy",
    format: "text",
    of: (kit) =>
      `Nov 28 ${kit.iso.slice(11, 19)} lb-1 haproxy[${kit.below(9000)}]: ${kit.ip()}:${kit.below(65_000)} [${clf(kit).slice(0, -6)}.${kit.iso.slice(20, 23)}] https_in~ be_${kit.prose(1)}/web_0${kit.below(9)} 10/0/30/69/109 ${kit.pick([200, 503])} 2750 - - ---- 1/1/1/1/0 0/0 {shop.example.org} "GET ${kit.pick(paths)} HTTP/1.1"`,
  },
  {
    name: "aws-load-balancer",
    format: "text",
    of: (kit) =>
      `https ${kit.iso.replace("Z", "123Z")} app/shop-alb/${kit.hex(16)} ${kit.ip()}:${kit.below(65_000)} ${kit.ip()}:8080 0.001 0.004 0.000 502 502 34 366 "GET https://shop.example.org:443${kit.pick(paths)} HTTP/2.0" "${kit.pick(agents)}" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/${kit.hex(16)} "Root=1-${kit.hex(8)}" "-" "-" 0 ${kit.iso} "forward" "-" "-"`,
  },
  { name: "forge-webhooks", groups: apps, count: 30, of: wideEvent },
  {
    name: "very-wide",
    groups: apps,
    count: 10,
    text: "message",
    of: (kit) => ({
      message: `feature flags of ${kit.prose(3)}`,
      ...Object.fromEntries(
        Array.from({ length: 1_100 }, (_, n) => [
          `flag_${kit.n % 3}_${n}`,
          n % 2 === 0 ? true : `on-${kit.below(99)}`,
        ]),
      ),
    }),
  },
  {
    name: "payment-webhooks",
    timestamp: ["created"],
    precisionMs: 1000,
    groups: apps,
    of: (kit) => ({
      id: `evt_${kit.hex(24)}`,
      object: "event",
      created: Math.floor(kit.ms / 1000),
      type: kit.pick(["charge.failed", "invoice.payment_succeeded", "customer.subscription.updated"]),
      livemode: true,
      data: {
        object: kit.mostly([
          {
            id: `ch_${kit.hex(24)}`,
            amount: kit.below(9999),
            customer: kit.mostly([`cus_${kit.hex(14)}`, { id: "cus_1", email: "a@example.org" }, null]),
            failure_message: `Your card was declined: ${kit.prose(2)}.`,
            metadata: { order_id: String(kit.below(999)), "": "none" },
          },
          {
            id: `in_${kit.hex(24)}`,
            lines: { data: [{ price: { unit_amount: 100 } }] },
            discount: kit.mostly([null, 10, { coupon: "XMAS" }]),
          },
        ]),
        previous_attributes: kit.mostly([
          undefined,
          { status: "trialing", items: { data: [] } },
          { items: null },
        ]),
      },
      request: kit.mostly([{ id: null, idempotency_key: kit.uuid() }, `req_${kit.hex(14)}`]),
    }),
  },
  {
    name: "alertmanager-webhook",
    timestamp: ["startsAt"],
    groups: apps,
    of: (kit) => ({
      status: kit.pick(["firing", "resolved"]),
      startsAt: kit.iso,
      endsAt: "0001-01-01T00:00:00Z",
      labels: {
        alertname: "DiskWillFill",
        "app.kubernetes.io/name": "shop",
        app: "shop",
        severity: "warning",
      },
      annotations: { summary: `Disk of ${kit.person()}-db fills within 4 hours`, description: kit.prose(8) },
      values: kit.mostly([{ A: 1.5, B: "+Inf" }, { A: "NaN" }, null]),
    }),
  },
];
