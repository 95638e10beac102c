import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { ScaledObject } from "@kubernetes-models/keda/keda.sh/v1alpha1";
import { ServiceMonitor } from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { Deployment } from "kubernetes-models/apps/v1";
import { NetworkPolicy } from "kubernetes-models/networking.k8s.io/v1";
import { PodDisruptionBudget } from "kubernetes-models/policy/v1";
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from "kubernetes-models/v1";
import { parse } from "yaml";
import { z } from "zod";
import { openApiDocument } from "../../../infra/host/http/kit/openapi.ts";
import { subjects } from "../../../infra/api/subjects.ts";
import { createMetrics } from "../../../lib/adapters/metrics/metrics.ts";
import { parseConfig } from "../../../lib/rules/config/config.ts";

/** No cluster is asked: what is checked is what the files say, against the schemas of Kubernetes and of each other. */

const folder = join(import.meta.dir, "../../../infra/deploy/kubernetes");
const read = (path: string): string => readFileSync(join(folder, path), "utf8");
const yaml = (path: string): unknown => parse(read(path));

type Model = new (data: never) => { validate(): void };
const models: Readonly<Record<string, Model>> = {
  ConfigMap,
  Deployment,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  ScaledObject,
  Secret,
  Service,
  ServiceAccount,
  ServiceMonitor,
};

/** @throws what the schema of its kind says */
function validate(manifest: unknown): void {
  const { kind } = z.object({ apiVersion: z.string(), kind: z.string() }).parse(manifest);
  const Manifest = models[kind];
  if (Manifest === undefined) throw new Error(`there is no schema for kind ${kind}`);
  new Manifest(manifest as never).validate();
}

const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".yaml"),
);
const isKustomization = (path: string): boolean => basename(path) === "kustomization.yaml";
const manifests = files.filter((path) => !isKustomization(path) && path !== "base/config.yaml");

const appLabels = { "app.kubernetes.io/name": "penstock" };
const appShape = { "app.kubernetes.io/name": z.literal("penstock") };
const named = z.looseObject({ name: z.string() });
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const container = z.looseObject({
  image: z.string(),
  env: z.array(
    z.union([
      z.strictObject({ name: z.string(), value: z.string() }),
      z.strictObject({
        name: z.string(),
        valueFrom: z.object({ fieldRef: z.object({ fieldPath: z.literal("status.podIP") }) }),
      }),
    ]),
  ),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  volumeMounts: z.array(z.looseObject({ name: z.string(), mountPath: z.string() })),
  startupProbe: probe,
  livenessProbe: probe,
  readinessProbe: probe,
  resources: z.unknown(),
  securityContext: z.unknown(),
});
const deployment = z
  .object({
    metadata: named,
    spec: z.looseObject({
      replicas: z.number(),
      selector: z.object({ matchLabels: z.unknown() }),
      template: z.object({
        metadata: z.object({ labels: z.unknown() }),
        spec: z.looseObject({
          serviceAccountName: z.string(),
          terminationGracePeriodSeconds: z.number(),
          securityContext: z.unknown(),
          containers: z.tuple([container]),
          volumes: z.array(named),
        }),
      }),
    }),
  })
  .loose()
  .parse(yaml("base/deployment.yaml"));
const pod = deployment.spec.template.spec;
const [host] = pod.containers;

const secret = z.object({ stringData: z.record(z.string(), z.string()) }).parse(yaml("secret.example.yaml"));
const secretFolder = host.volumeMounts.find(({ name }) => name === "secrets")?.mountPath ?? "";
/** As the pod would see it, each file of the Secret holding that. */
function configWith(content: (name: string) => string) {
  return parseConfig(read("base/config.yaml"), {
    file: "config.yaml",
    environment: Object.fromEntries(
      host.env.map((one) => [one.name, "value" in one ? one.value : "10.1.2.3"]),
    ),
    readFile(path) {
      const name = basename(path);
      if (dirname(path) !== secretFolder || !(name in secret.stringData))
        throw new Error(`${path} is not mounted`);
      return content(name);
    },
  });
}
const { settings } = configWith((name) =>
  name.endsWith(".pem") ? "-----BEGIN CERTIFICATE-----\n" : `what is in ${name}\n`,
);

describe("every manifest", () => {
  test.each(manifests)("%s is valid by the schema of its kind", (path) => {
    expect(() => validate(yaml(path))).not.toThrow();
  });

  test("the schemas refuse what is wrong", () => {
    const broken = structuredClone(yaml("base/deployment.yaml")) as { spec: { replicas: unknown } };
    broken.spec.replicas = "two";
    expect(() => validate(broken)).toThrow("replicas");
    expect(() => validate({ apiVersion: "v1", kind: "Sevice" })).toThrow("Sevice");
  });

  test("is named by a kustomization, and nothing that is not there is", () => {
    const listed = files.filter(isKustomization).flatMap((path) => {
      const {
        resources = [],
        components = [],
        configMapGenerator = [],
      } = z
        .looseObject({
          resources: z.array(z.string()).optional(),
          components: z.array(z.string()).optional(),
          configMapGenerator: z.array(z.object({ files: z.array(z.string()) })).optional(),
        })
        .parse(yaml(path));
      const names = [...resources, ...components, ...configMapGenerator.flatMap((map) => map.files)];
      return names.map((name) => join(dirname(path), name));
    });
    const known = new Set([...files, ...files.filter(isKustomization).map((path) => dirname(path))]);
    expect(listed.filter((path) => !known.has(path))).toEqual([]);
    const unlisted = files.filter((path) => !isKustomization(path) && !listed.includes(path));
    // Its values are nobody's to commit.
    expect(unlisted).toEqual(["secret.example.yaml"]);
  });

  test("selects the pods by the label that they have", () => {
    expect(deployment.spec.template.metadata.labels).toEqual(appLabels);
    expect(deployment.spec.selector.matchLabels).toEqual(appLabels);
    expect(yaml("base/service.yaml")).toMatchObject({
      spec: { selector: appLabels },
      metadata: { labels: appLabels },
    });
    expect(yaml("base/poddisruptionbudget.yaml")).toMatchObject({
      spec: { selector: { matchLabels: appLabels } },
    });
    expect(yaml("base/networkpolicy.yaml")).toMatchObject({
      spec: { podSelector: { matchLabels: appLabels } },
    });
    expect(yaml("components/prometheus/servicemonitor.yaml")).toMatchObject({
      spec: { selector: { matchLabels: appLabels }, jobLabel: "app.kubernetes.io/name" },
    });
    expect(yaml("components/keda/scaledobject.yaml")).toMatchObject({
      spec: { scaleTargetRef: { name: deployment.metadata.name } },
    });
  });
});

describe("the pod", () => {
  test("asks the host for paths that it has, on the port of its config", () => {
    const { paths } = openApiDocument(subjects) as { paths: Record<string, unknown> };
    for (const { httpGet } of [host.startupProbe, host.livenessProbe, host.readinessProbe]) {
      expect(Object.keys(paths)).toContain(httpGet.path);
      expect(httpGet.port).toBe("http");
    }
    expect(host.ports).toEqual([{ name: "http", containerPort: settings.http.port }]);
    // Liveness restarts: it must not depend on servers that a restart does not mend.
    expect(host.livenessProbe.httpGet.path).toBe("/healthz");
    expect(host.readinessProbe.httpGet.path).toBe("/readyz");
  });

  test("has 15 s more than the host's own deadline", () => {
    expect(pod.terminationGracePeriodSeconds).toBe(settings.shutdown.deadlineMs / 1_000 + 15);
  });

  test("may do nothing that it does not need", () => {
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(host.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(pod).toMatchObject({ automountServiceAccountToken: false, enableServiceLinks: false });
  });

  test("sees its config as a folder, so that the kubelet can swap it", () => {
    const mount = host.volumeMounts.find(({ name }) => name === "config");
    expect(mount).toEqual({ name: "config", mountPath: "/etc/penstock", readOnly: true });
    expect(host.env).toContainEqual({ name: "PENSTOCK_CONFIG", value: "/etc/penstock/config.yaml" });
    expect(yaml("base/kustomization.yaml")).toMatchObject({
      configMapGenerator: [{ name: "penstock", files: ["config.yaml"] }],
      generatorOptions: { disableNameSuffixHash: true },
    });
    expect(host.volumeMounts.map(({ name }) => name).toSorted()).toEqual(
      pod.volumes.map(({ name }) => name).toSorted(),
    );
  });

  test("keeps the memory limit above what may be in flight", () => {
    const { limits } = z.object({ limits: z.object({ memory: z.string() }) }).parse(host.resources);
    const mebibytes = Number(/^(\d+)Mi$/.exec(limits.memory)?.[1]);
    expect(mebibytes * 1024 ** 2).toBeGreaterThan(settings.kafka.inFlightMaxBytes + 2 * 512 * 1024 ** 2);
  });
});

describe("the config and the Secret", () => {
  test("every file that the config names is one of the Secret's, and the other way round", () => {
    const used = new Set<string>();
    configWith((name) => {
      used.add(name);
      return name.endsWith(".pem") ? "-----BEGIN CERTIFICATE-----\n" : `the text of ${name}`;
    });
    expect([...used].toSorted()).toEqual(Object.keys(secret.stringData).toSorted());
    expect(yaml("components/prometheus/servicemonitor.yaml")).toMatchObject({
      spec: { endpoints: [{ authorization: { credentials: { name: "penstock", key: "read-only-token" } } }] },
    });
    expect(used).toContain("read-only-token");
  });

  test("the example's empty values are refused", () => {
    expect(Object.values(secret.stringData).filter((value) => value !== "")).toEqual([]);
    expect(() => configWith(() => "")).toThrow("empty");
  });

  test("the network policy lets the host out to the ports that the config names, and clients in", () => {
    const policy = z
      .object({
        spec: z.object({
          ingress: z.array(z.looseObject({ ports: z.array(z.object({ port: z.unknown() })) })),
          egress: z.array(
            z.object({
              to: z.tuple([
                z.union([
                  z.strictObject({
                    namespaceSelector: z.object({
                      matchLabels: z.object({ "kubernetes.io/metadata.name": z.string() }),
                    }),
                  }),
                  z.strictObject({ podSelector: z.object({ matchLabels: z.strictObject(appShape) }) }),
                ]),
              ]),
              ports: z.array(z.object({ port: z.number(), protocol: z.string() })),
            }),
          ),
        }),
      })
      .parse(yaml("base/networkpolicy.yaml"));
    const { kafka, elasticsearch, etcd } = settings;
    const addresses = [
      ...kafka.brokers.map((broker) => `tcp://${broker}`),
      ...elasticsearch.nodes,
      ...(etcd?.endpoints ?? []),
    ];
    const out = policy.spec.egress.flatMap(({ to: [to], ports }) =>
      ports.map(({ port }) =>
        [
          "podSelector" in to ? "pods" : to.namespaceSelector.matchLabels["kubernetes.io/metadata.name"],
          port,
        ].join(":"),
      ),
    );
    // `service.namespace.svc`
    const ofConfig = addresses
      .map((url) => new URL(url))
      .map(({ hostname, port }) => `${hostname.split(".")[1]}:${port}`);
    expect(out.toSorted()).toEqual(["kube-system:53", "kube-system:53", "pods:8080", ...ofConfig].toSorted());
    expect(policy.spec.ingress.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual(["http"]);
  });
});

test("KEDA asks for a metric that the hosts expose, and decides on the number of pods alone", async () => {
  const metrics = createMetrics();
  metrics.startTopic("app");
  metrics.setLag("app", new Map([[0, 1]]));
  const text = await metrics.text();
  const { spec } = z
    .object({
      spec: z.looseObject({
        triggers: z.tuple([z.object({ metadata: z.object({ query: z.string() }) }).loose()]),
      }),
    })
    .parse(yaml("components/keda/scaledobject.yaml"));
  const asked = /penstock_\w+/.exec(spec.triggers[0].metadata.query)?.[0];
  expect(text).toContain(`# TYPE ${asked} gauge`);
  expect(read("components/keda/kustomization.yaml")).toContain("op: remove, path: /spec/replicas");
});
