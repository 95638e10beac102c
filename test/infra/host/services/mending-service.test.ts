import { expect, test } from "bun:test";
import {
  createMendingService,
  type MendingServiceDeps,
} from "../../../../infra/host/services/mending-service.ts";
import type { Question } from "../../../../lib/adapters/elasticsearch/client.ts";
import { hostStopping } from "../../../../lib/rules/base/errors.ts";
import { toDeclaration } from "../../../../lib/rules/config/to-declaration.ts";
import { rejection } from "../../../support/rejection.ts";
import { settings } from "../../../support/settings.ts";

const group = { topic: "app", index: "logs", field: "n", error: "t" };
const declared = toDeclaration(
  { topic: "app", index: "logs", startAt: "earliest", format: "text" },
  { kind: "etcd", name: "logs", revision: 1, entry: 0 },
);
const noLetters: unknown = { letters: [], complete: true };
const unasked = () => Promise.reject(new Error("no test gets this far"));

/**
 * The dead-letter topic is read in turn, and has no letters; Elasticsearch does not answer before the host stops.
 * @param cleaned when a question that was aborted ends
 */
function world(cleaned: Promise<void> = Promise.resolve()) {
  const life = new AbortController();
  const asked = Promise.withResolvers<string>();
  const ask: MendingServiceDeps["client"]["ask"] = ({ path }: Question, signal) => {
    asked.resolve(path);
    return new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => void cleaned.then(() => reject(signal.reason as Error)));
    });
  };
  const mendings = createMendingService({
    settings: () => settings(),
    findHolders: unasked,
    openReader: () => ({ ranges: unasked, readSpans: unasked }),
    signal: life.signal,
    inTurn: <T>() => Promise.resolve(noLetters as T),
    client: { ask, askForText: unasked, bulk: unasked, newIndex: unasked, tryTemplate: unasked },
    declarations: () => [declared],
    specifications: () => [],
    replays: {
      start: () => {
        throw new Error("no test replays");
      },
    },
    now: () => 0,
  });
  return { mendings, asked: asked.promise, stop: () => life.abort(hostStopping()) };
}

test("Elasticsearch is asked after the turn, so that others can read dead letters during a trial", async () => {
  const { mendings, asked, stop } = world();
  const trial = rejection(mendings.tryOut(group, null, new AbortController().signal));
  expect(await Promise.race([asked, trial])).toBe("/logs");
  stop();
  expect(await trial).toEqual(hostStopping());

  const looked = world();
  const look = rejection(looked.mendings.propose(group, null));
  expect(await Promise.race([looked.asked, look])).toBe("/logs");
  looked.stop();
  await look;
});

test("a stop ends the trials in progress, and waits until they have removed what they created", async () => {
  const cleaned = Promise.withResolvers<void>();
  const { mendings, asked } = world(cleaned.promise);
  const trial = rejection(mendings.tryOut(group, null, new AbortController().signal));
  await asked;
  const settled = mendings.stop().then(() => "settled");
  const later = new Promise((resolve) => setImmediate(() => resolve("not yet")));
  expect(await Promise.race([settled, later])).toBe("not yet");
  cleaned.resolve();
  expect(await settled).toBe("settled");
  expect(await trial).toEqual(hostStopping());
});
