import { describe, expect, test } from "bun:test";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../../lib/rules/secrets/secret.ts";
import type { TokenEndpointSasl, TokenFileSasl } from "../../../lib/rules/model/settings.ts";
import { eventually } from "../../support/eventually.ts";
import type { TestHost } from "../../support/host.ts";
import { rejection } from "../../support/rejection.ts";
import { CLIENT, CLIENT_SECRET } from "../../support/token-issuer.ts";
import { everythingOf, untilUncut } from "./everything.ts";
import type { Link, SecuredWorld } from "./world.ts";

/** Logins with tokens: SASL OAUTHBEARER. */
export function describeTokens(world: SecuredWorld): void {
  const { newTopic, hostOf, configOf, clusterOf, settingsOf } = world;

  const fromEndpoint = (changes: Partial<TokenEndpointSasl> = {}): Link => ({
    name: "",
    to: "OAUTH",
    sasl: {
      mechanism: "oauthbearer",
      tokenEndpoint: world.secured.issuer.tokenUrl,
      clientId: CLIENT,
      clientSecret: new Secret(CLIENT_SECRET),
      scope: null,
      extensions: {},
      ca: null,
      proxy: null,
      ...changes,
    },
  });

  async function tokenFile(token: string) {
    const folder = await mkdtemp(join(tmpdir(), "penstock-token-"));
    const path = join(folder, "token");
    const write = async (text: string): Promise<void> => {
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    };
    await write(token);
    const sasl: TokenFileSasl = { mechanism: "oauthbearer", tokenFile: path, extensions: {} };
    const link: Link = { name: "", to: "OAUTH", sasl };
    return { path, write, link, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
  }

  const ask = async (link: Link): Promise<unknown> => {
    const cluster = clusterOf(settingsOf(link));
    try {
      return (await cluster.listTopics(AbortSignal.timeout(60_000))).size;
    } finally {
      await cluster.close();
    }
  };
  /** A broker that is too busy refuses nothing. */
  const refusalOf = (link: Link): Promise<string> =>
    eventually("it is refused", async () => {
      const { message } = (await rejection(ask(link))) as Error;
      return message.includes("no answer in time") ? null : message;
    });

  /** Produces for so long, and then checks that all came once, and that no connection was cut. */
  async function underLoad(host: TestHost, topic: string, forMs: number) {
    let sent = 0;
    await untilUncut(host, async () => {
      for (const until = Date.now() + forMs; Date.now() < until; sent += 1) {
        await world.secured.kafka.produce(topic, [{ value: `line ${sent}` }]);
        await Bun.sleep(100);
      }
      await host.untilTopic(topic, "has all", ({ partitions }) => partitions[0]?.committed === sent);
      expect(await world.elasticsearch.count(topic)).toBe(sent);
    });
  }

  describe("a token", () => {
    test.concurrent("from a file is read again while records flow, before its session ends", async () => {
      const { issuer } = world.secured;
      await using file = await tokenFile("");
      const tokens: string[] = [];
      const rotation = new AbortController();
      const rotate = async (): Promise<void> => {
        for (; !rotation.signal.aborted; await Bun.sleep(2_000)) {
          tokens.push(await issuer.sign(9));
          await file.write(tokens.at(-1) ?? "");
        }
      };
      const rotated = rotate();
      const topic = await newTopic();
      const host = await hostOf({ ...configOf(file.link, [topic]), log: { level: "debug" } });
      await host.untilTopic(topic, "runs", ({ state }) => state === "running");
      await underLoad(host, topic, 20_000);
      rotation.abort();
      await rotated;
      expect(tokens.length).toBeGreaterThan(5);
      const everything = await everythingOf(host);
      for (const token of tokens) expect(everything).not.toContain(token);
    }, 240_000);

    test.concurrent("from an endpoint is renewed while records flow, with few requests for all connections", async () => {
      const { issuer } = world.secured;
      issuer.lifeSeconds = 10;
      const topic = await newTopic();
      const [asked, begunMs] = [issuer.asked, performance.now()];
      const host = await hostOf({ ...configOf(fromEndpoint(), [topic]), log: { level: "debug" } });
      await host.untilTopic(topic, "runs", ({ state }) => state === "running");
      await underLoad(host, topic, 20_000);
      // One each 6 s.
      const seconds = (performance.now() - begunMs) / 1_000;
      expect(issuer.asked - asked).toBeWithin(3, Math.max(10, seconds / 3));
      expect(await everythingOf(host)).not.toContain(CLIENT_SECRET);
    }, 240_000);
  });

  describe("without a token, the reason is said:", () => {
    const instead = (answer: () => Response | Promise<Response>) => async (): Promise<string> => {
      const { issuer } = world.secured;
      issuer.instead = answer;
      try {
        return await refusalOf(fromEndpoint());
      } finally {
        issuer.instead = null;
      }
    };
    const html = { headers: { "content-type": "text/html" } };
    test.each([
      [
        "an endpoint that is away",
        async () => refusalOf(fromEndpoint({ tokenEndpoint: "http://127.0.0.1:9/token" })),
        "cannot be reached: nothing listens there (ECONNREFUSED)",
      ],
      [
        "a wrong secret",
        async () => refusalOf(fromEndpoint({ clientSecret: new Secret("wrong") })),
        `refused the client ${CLIENT} (401): invalid_client: unknown client or wrong secret`,
      ],
      [
        "HTML",
        instead(() => new Response("<html>", html)),
        "answered with text/html that is not JSON: it may be a login page or a proxy",
      ],
      ["an error page", instead(() => new Response("<html>", { ...html, status: 502 })), "answered 502"],
      [
        "a redirect",
        instead(() => new Response("", { headers: { location: "/login" }, status: 302 })),
        "answered 302",
      ],
      [
        "no access_token",
        instead(() => Response.json({ token_type: "Bearer" })),
        "answered without a valid access_token (RFC 6749, section 5.1)",
      ],
      ["a list", instead(() => Response.json([])), "answered with JSON that is not an object"],
      [
        "an unknown scope",
        instead(() => Response.json({ error: "invalid_scope" }, { status: 400 })),
        "answered 400: invalid_scope",
      ],
      [
        "an expired token",
        instead(() => Response.json({ access_token: "a", token_type: "Bearer", expires_in: 0 })),
        "answered with a token that had expired at 20",
      ],
      ["silence", instead(() => new Promise<never>(() => {})), "has not answered for 3 s"],
    ])(
      "%s",
      async (_, refusal, says) => {
        expect(await refusal()).toMatch(
          /^there is no token for the login at Kafka: the token endpoint http:\/\/127\.0\.0\.1:\d+\/token /,
        );
        expect(await refusal()).toContain(says);
      },
      120_000,
    );

    test("a file that is missing, empty, or holds no token or an expired one", async () => {
      await using file = await tokenFile("");
      const named = `there is no token for the login at Kafka: the file ${file.path} (kafka.sasl.tokenFile)`;
      expect(await refusalOf(file.link)).toBe(`${named} is empty`);
      await file.write("two words");
      expect(await refusalOf(file.link)).toBe(`${named} does not hold one token and nothing else`);
      await file.write(await world.secured.issuer.sign(-60));
      expect(await refusalOf(file.link)).toStartWith(`${named} holds one that expired at 20`);
      await rm(file.path);
      expect(await refusalOf(file.link)).toBe(`${named} cannot be read (ENOENT)`);
    }, 240_000);
  });

  test("a token signed for Amazon MSK reaches the broker, which is not Amazon's", async () => {
    const keys = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
    const before = { ...process.env };
    Object.assign(process.env, keys);
    try {
      const sasl = {
        mechanism: "aws-msk-iam",
        region: "eu-central-1",
        roleArn: null,
        profile: null,
      } as const;
      expect(await refusalOf({ name: "", to: "OAUTH", sasl })).toContain(
        "refused the login (OAUTHBEARER) with AWS credentials of the default chain: invalid_token",
      );
    } finally {
      for (const name of Object.keys(keys)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  }, 120_000);

  test("an endpoint that answers HTML until the token has expired: the reason is said, and nothing is lost", async () => {
    const { issuer, kafka } = world.secured;
    const topic = await newTopic("one");
    issuer.lifeSeconds = 6;
    const host = await hostOf(configOf(fromEndpoint(), [topic]));
    await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 1);
    issuer.instead = () => new Response("<html>", { headers: { "content-type": "text/html" } });
    try {
      await eventually("it is shown", async () =>
        (await (await host.fetch("/readyz")).text()).includes("answered with text/html that is not JSON"),
      );
      await kafka.produce(topic, [{ value: "two" }]);
    } finally {
      Object.assign(issuer, { instead: null, lifeSeconds: 300 });
    }
    await host.untilTopic(topic, "goes on", ({ partitions }) => partitions[0]?.committed === 2);
    expect(await world.elasticsearch.count(topic)).toBe(2);
    expect(JSON.stringify(host.log())).not.toContain("does not accept logins");
  }, 360_000);

  test("a token that the broker refuses: the host says so, and goes on with the next one at once", async () => {
    const { issuer } = world.secured;
    await using file = await tokenFile(await issuer.sign(300, "another audience"));
    const topic = await newTopic("one");
    const host = await hostOf(configOf(file.link, [topic]));
    const readiness = async (): Promise<string> => (await host.fetch("/readyz")).text();
    const says = `refused the login (OAUTHBEARER) with the token in ${file.path}: invalid_token`;
    await eventually("the refusal is shown", async () => (await readiness()).includes(says));
    await file.write(await issuer.sign(300));
    await host.untilTopic(topic, "has caught up", ({ partitions }) => partitions[0]?.committed === 1);
    await host.untilReady();
  }, 240_000);
}
