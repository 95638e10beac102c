import type { Kit, Shape } from "../kit.ts";

const apps = ["41 applications"];
const container = ["container"];

/** A line that an application wrote to its standard output. */
function appLine(kit: Kit): string {
  return kit.pick([
    `${kit.iso} INFO  shop.cart - ${kit.prose(6)}`,
    `user_login_failed user=${kit.person()} ip=${kit.ip()}`,
    `\u001b[35mpayment\u001b[0m \u001b[33mWARN\u001b[39m ${kit.prose(5)}`,
    `[${kit.iso}] "GET /orders/${kit.below(999)} HTTP/1.1" 200 ${kit.below(9000)}`,
  ]);
}

const jsonLine = (kit: Kit): string =>
  JSON.stringify(
    kit.pick<object>([
      { level: 30, time: kit.ms, msg: `order shipped: ${kit.prose(4)}`, user: { id: kit.below(99) } },
      { level: "info", ts: kit.ms / 1000, msg: `cache warmed, ${kit.prose(4)}`, user: kit.person() },
      {
        "@timestamp": kit.iso,
        "log.level": "ERROR",
        message: `stock is empty: ${kit.prose(4)}`,
        stream: "audit",
        ecs: { version: "8.11" },
      },
      { severity: "WARNING", message: { text: kit.prose(4) }, log: { file: "app.log" } },
    ]),
  );

const labelsOf = ({ pick }: Kit): object =>
  pick<object>([
    { app: "shop", "app.kubernetes.io/name": "shop", "pod-template-hash": "7d9c" },
    { "app.kubernetes.io/name": "cart", "app.kubernetes.io/version": "1.2" },
    { app: "search", version: "v2" },
    { app: { team: "web" } },
  ]);

/** Kubernetes and what carries containers' lines. */
export const platformShapes: readonly Shape[] = [
  {
    name: "docker-json-file",
    timestamp: ["time"],
    text: "log",
    groups: container,
    of: (kit) => ({
      log: `${appLine(kit)}${kit.pick(["\n", "\r\n"])}`,
      stream: kit.pick(["stdout", "stderr"]),
      time: kit.iso.replace("Z", "123456Z"),
    }),
  },
  {
    name: "docker-json-lines",
    timestamp: ["time"],
    text: "log",
    groups: container,
    of: (kit) => ({
      log: `${jsonLine(kit)}\n`,
      stream: "stdout",
      time: kit.iso,
      attrs: { "com.docker.compose.service": "shop" },
    }),
  },
  {
    name: "docker-long-lines",
    timestamp: ["time"],
    text: "log",
    groups: container,
    count: 10,
    of: (kit) => ({
      log: `${kit.prose(220)} ${kit.hex(4)}zebra${kit.n} ${kit.prose(40)}\n`,
      stream: "stdout",
      time: kit.iso,
    }),
  },
  {
    name: "fluent-bit",
    timestamp: ["@timestamp", "date"],
    text: "log",
    groups: [...container, ...apps],
    of: (kit) => ({
      ...(kit.once(2) ? { date: kit.ms / 1000 } : { "@timestamp": kit.iso }),
      log: kit.once(3) ? jsonLine(kit) : appLine(kit),
      stream: "stderr",
      _p: "F",
      kubernetes: {
        pod_name: `shop-${kit.hex(5)}`,
        labels: labelsOf(kit),
        annotations: kit.mostly([{ "prometheus.io/scrape": "true", prometheus: "yes" }, null]),
      },
    }),
  },
  {
    name: "cri-fluentd",
    timestamp: ["time"],
    text: "log",
    groups: container,
    of: (kit) => ({
      time: kit.iso.replace("Z", "123456789Z").replace("Z", "+00:00"),
      stream: "stdout",
      logtag: kit.pick(["F", "P"]),
      log: appLine(kit),
      docker: { container_id: kit.hex(32) },
      kubernetes: {
        namespace_name: "shop",
        labels: labelsOf(kit),
        host: kit.mostly(["node-1", { name: "node-2" }]),
      },
    }),
  },
  {
    name: "kubernetes-events",
    timestamp: ["lastTimestamp", "eventTime"],
    precisionMs: 1000,
    text: "message",
    groups: [...container, ...apps],
    of: (kit) => ({
      kind: "Event",
      metadata: {
        name: `shop.${kit.hex(16)}`,
        creationTimestamp: `${kit.iso.slice(0, 19)}Z`,
        managedFields: [{ manager: "kubelet", fieldsV1: { "f:count": {} } }],
      },
      ...(kit.once(2)
        ? { firstTimestamp: null, lastTimestamp: null, eventTime: `${kit.iso.slice(0, 19)}.000000Z` }
        : {
            firstTimestamp: `${kit.iso.slice(0, 19)}Z`,
            lastTimestamp: `${kit.iso.slice(0, 19)}Z`,
            eventTime: null,
          }),
      reason: kit.pick(["BackOff", "FailedScheduling", "Unhealthy"]),
      message: kit.pick([
        `Back-off restarting failed container shop in pod shop-${kit.hex(5)}_prod(${kit.uuid()})`,
        `0/7 nodes are available: 3 Insufficient memory, 4 node(s) had untolerated taint {${kit.prose(1)}: }.`,
        `Readiness probe failed: Get "http://${kit.ip()}:8080/readyz": dial tcp: connect: connection refused`,
      ]),
      source: kit.mostly([{ component: "kubelet", host: "node-1" }, "scheduler", {}]),
      count: kit.mostly([kit.below(99), null]),
      type: "Warning",
      involvedObject: { kind: "Pod", labels: labelsOf(kit) },
    }),
  },
  {
    name: "kubernetes-audit",
    timestamp: ["stageTimestamp"],
    groups: ["20 security sources"],
    of: (kit) => ({
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      auditID: kit.uuid(),
      requestURI: "/api/v1/namespaces/shop/configmaps?limit=500",
      verb: "patch",
      user: {
        username: "system:serviceaccount:shop:deployer",
        groups: ["system:authenticated"],
        extra: { "authentication.kubernetes.io/pod-name": ["shop"] },
      },
      objectRef: kit.mostly([{ resource: "configmaps", name: kit.hex(5) }, null]),
      requestObject: kit.mostly([
        {
          metadata: {
            labels: labelsOf(kit),
            annotations: {
              "kubectl.kubernetes.io/last-applied-configuration": `{"apiVersion":"v1","data":{"a":"${kit.prose(4)}"}}\n`,
            },
          },
          data: { "": "empty", "app.yaml": kit.prose(5) },
        },
        {
          spec: {
            replicas: 3,
            ports: [
              { port: 80, targetPort: "http" },
              { port: 81, targetPort: 8080 },
            ],
          },
        },
        [{ op: "replace", path: "/spec/replicas", value: kit.mostly([3, "3", { min: 1 }]) }],
      ]),
      responseStatus: kit.mostly([
        { code: 200 },
        {
          code: 403,
          status: "Failure",
          message: `configmaps is forbidden: ${kit.prose(3)}`,
          details: { causes: [{ reason: "x" }] },
        },
      ]),
      annotations: {
        "authorization.k8s.io/decision": "allow",
        authorization: kit.once(3) ? "rbac" : undefined,
      },
      stageTimestamp: kit.iso.replace("Z", "123Z"),
    }),
  },
  {
    name: "journald-json",
    timestamp: ["__REALTIME_TIMESTAMP"],
    text: "MESSAGE",
    groups: container,
    of: (kit) => ({
      __REALTIME_TIMESTAMP: String(kit.ms * 1000),
      __CURSOR: `s=${kit.hex(32)};i=${kit.hex(4)}`,
      PRIORITY: String(kit.below(8)),
      _SYSTEMD_UNIT: kit.pick(["sshd.service", "containerd.service"]),
      _PID: String(kit.below(9000)),
      MESSAGE: kit.once(6)
        ? [...Buffer.from(`binary \u0001 ${kit.prose(3)}`)]
        : `Started session-${kit.below(99)}.scope - Session of User ${kit.person()}: ${kit.prose(3)}.`,
      SYSLOG_IDENTIFIER: kit.mostly(["systemd", ["systemd", "sshd"]]),
      CODE_LINE: kit.mostly(["712", null]),
    }),
  },
  {
    name: "otlp-json",
    timestamp: ["timeUnixNano"],
    text: "body.stringValue",
    groups: apps,
    of: (kit) => ({
      timeUnixNano: `${kit.ms}000123`,
      severityNumber: kit.pick([5, 9, 13, 17]),
      severityText: "Information",
      body: kit.once(4)
        ? { kvlistValue: { values: [{ key: "event", value: { stringValue: kit.prose(3) } }] } }
        : { stringValue: `charge declined for ${kit.person()}: ${kit.prose(4)}` },
      attributes: [
        { key: "http.status_code", value: { intValue: kit.mostly(["402", 402]) } },
        {
          key: "exception.stacktrace",
          value: {
            stringValue: `java.io.IOException: ${kit.prose(3)}\n\tat com.shop.Pay.charge(Pay.java:${kit.below(99)})`,
          },
        },
      ],
      traceId: kit.hex(32),
      resource: kit.mostly([
        { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] },
        { "service.name": "shop", service: "shop" },
      ]),
    }),
  },
  {
    name: "zipkin-lists",
    of: (kit) =>
      Array.from({ length: 1 + kit.below(3) }, () => ({
        traceId: kit.hex(16),
        id: kit.hex(16),
        name: "get /orders/{id}",
        timestamp: kit.ms * 1000,
        duration: kit.below(90_000),
        localEndpoint: { serviceName: kit.pick(["frontend", "backend"]), ipv4: kit.ip() },
        tags: { "http.path": "/orders", error: kit.prose(2) },
      })),
  },
  {
    name: "zipkin-spans",
    timestamp: ["timestamp"],
    groups: apps,
    of: (kit) => ({
      traceId: kit.hex(16),
      timestamp: kit.ms * 1000,
      duration: kit.below(90_000),
      annotations: kit.mostly([[], [{ timestamp: kit.ms * 1000, value: `wire.send ${kit.prose(1)}` }]]),
      tags: kit.mostly([
        { "http.path": "/orders", error: "true" },
        { "http.path": "/orders", http: "1.1" },
        ["a"],
        { error: `timed out: ${kit.prose(2)}` },
      ]),
    }),
  },
];
