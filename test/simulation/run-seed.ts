import { createFlow } from "../../infra/host/flow.ts";
import { inflictLong } from "./faults/elasticsearch-faults.ts";
import { type Fault, running } from "./faults/fault.ts";
import { inflictFault } from "./faults/faults.ts";
import { DRAIN_MS, type CreateFlow } from "./host.ts";
import { createScene, GROUP, REQUEST_TIMEOUT_MS, type Scene, TOPIC_NAMES } from "./scene.ts";
import type { Tally } from "./tally.ts";

export interface RunOptions {
  /** True if the story is put into words. */
  readonly told: boolean;
  readonly createFlow?: CreateFlow;
}

export interface SeedRun {
  readonly tally: Tally;
  /** The first violation; null if none. */
  readonly violation: string | null;
  /** Empty if not requested. */
  readonly story: readonly string[];
  readonly hash: number;
  /** The faults of the last seconds before it ended. */
  readonly inForce: readonly string[];
}

/** Virtual time from the last fault's end until everything must have its outcome. */
const SETTLE_MS = 90_000;
/** How often that is checked. */
const LOOK_MS = 250;
/** It must stay settled this long: late effects of faults would show by then. */
const QUIET_MS = 2_000;
/** Producers keep writing this long after the last fault. */
const WRITTEN_AFTER_MS = 1_500;
/** This long after a generation, a partition's former owner no longer reads it. */
const HANDED_OVER_MS = 1_000;
const STOP_MS = DRAIN_MS + 5_000;
const LEFT_OVER_MS = 1_000;
/** Faults this recent are listed with a violation. */
const RECENT_MS = 15_000;
/** An empty topic may always take one piece, from a fetch of the smallest size. */
const OVER_BUDGET_BYTES = 100_000;

/** One seed in this many has a fault of more than a minute. */
const LONG_ONE_IN = 40;
/** In one seed of this many, targets roll over all the time. */
const RESTLESS_ONE_IN = 2;
const ROLL_MS = { least: 50, most: 1_500 } as const;
/** Records written just before the end are in flight when the hosts are told to stop. */
const IN_FLIGHT_MS = 30;

/** Ends a run. */
class Violation extends Error {}

/** Runs one world from beginning to end. */
export function runSeed(seed: number, { told, createFlow: create = createFlow }: RunOptions): SeedRun {
  const scene = createScene({ seed, told, createFlow: create });
  const inflicted: (Fault & { readonly atMs: number })[] = [];
  let violation: string | null = null;
  try {
    play(scene, inflicted);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    violation = error.message;
    scene.story.note("VIOLATION", violation);
  }
  const endMs = scene.time.monotonicMs();
  const faults: Record<string, number> = {};
  for (const { kind } of inflicted) faults[kind] = (faults[kind] ?? 0) + 1;
  return {
    tally: { seeds: 1, records: scene.census.counts.records, virtualMs: endMs, faults },
    violation,
    story: scene.story.last(Infinity),
    hash: scene.story.hash,
    inForce: inflicted
      .filter(({ atMs }) => atMs > endMs - RECENT_MS)
      .map(({ kind, to, atMs }) => `${kind} (${to}) ${((endMs - atMs) / 1000).toFixed(1)} s before`),
  };
}

function play(scene: Scene, inflicted: (Fault & { readonly atMs: number })[]): void {
  const { time, dice } = scene;
  const shortMs = 2_500 + dice.next() * 9_000;
  setUp(scene, shortMs + WRITTEN_AFTER_MS);
  const playMs =
    dice.below(LONG_ONE_IN) === 0 && !scene.calm ? inflictLong(scene, dice.next() * shortMs) : shortMs;
  const faults = dice.below(8) === 0 ? 0 : 1 + dice.below(9);
  for (let fault = 0; fault < faults; fault += 1)
    time.after(1_000 + dice.next() * (shortMs - 1_000), () => {
      const done = inflictFault(scene);
      if (done !== null) inflicted.push({ ...done, atMs: time.monotonicMs() });
    });
  runUntil(scene, playMs);

  scene.story.note("fault", "all faults end");
  for (const { end } of inflicted) end?.();
  scene.kafka.heal();
  scene.elasticsearch.heal();
  scene.deadLetters.trouble(null);
  for (const host of scene.hosts) host.process.thaw();
  if (running(scene).length === 0) scene.startHost();
  untilSettled(scene);
  stopAll(scene);
}

/** @param untilMs so long records are written */
function setUp(scene: Scene, untilMs: number): void {
  const { dice, time } = scene;
  const topics = TOPIC_NAMES.slice(0, 1 + dice.below(TOPIC_NAMES.length));
  for (const topic of topics) scene.createTopic(topic, 1 + dice.below(3));
  scene.declare(
    topics.slice(0, Math.max(1, topics.length - dice.below(2))).map((topic) => scene.specOf(topic)),
  );
  if (dice.below(RESTLESS_ONE_IN) === 0) keepRolling(scene, untilMs + ROLL_MS.most);
  const hosts = 1 + dice.below(3);
  for (let host = 0; host < hosts; host += 1) time.after(dice.next() * 500, () => void scene.startHost());
  const everyMs = 30 + dice.next() * 300;
  const write = (): void => {
    const names = [...scene.kafka.topics()];
    const topic = names.length === 0 ? null : dice.pick(names);
    const partition = topic === null ? 0 : dice.below(Math.max(1, scene.kafka.partitionsOf(topic)));
    if (topic !== null && dice.below(8) === 0) scene.producers.transact(topic, partition);
    else if (topic !== null) scene.producers.write(topic, partition, 1 + dice.below(5));
    if (time.monotonicMs() < untilMs) time.after(dice.next() * 2 * everyMs, write);
    else scene.producers.end();
  };
  write();
}

/** Whatever moves rolls over again and again, so that hardly anything sent twice meets the same concrete index. */
function keepRolling({ time, dice, elasticsearch, declarations, story }: Scene, untilMs: number): void {
  const roll = (): void => {
    for (const { index } of declarations.present.values())
      if (dice.below(2) === 0 && elasticsearch.documents.rollOver(index) !== null)
        story.note("elastic", () => `${index} rolls over`);
    if (time.monotonicMs() < untilMs) time.after(ROLL_MS.least + dice.next() * ROLL_MS.most, roll);
  };
  roll();
}

/** Runs until then and checks for violations at every step. @throws Violation */
function runUntil(scene: Scene, untilMs: number): void {
  const { time, census, ownership, hosts, inFlightMaxBytes } = scene;
  while (time.step(untilMs)) {
    const [found = ownership.violations[0]] = census.violations;
    if (found !== undefined) throw new Violation(found);
    for (const { name, flow, process } of hosts) {
      const { usedBytes } = flow.budget;
      if (usedBytes >= 0 && usedBytes <= inFlightMaxBytes + OVER_BUDGET_BYTES) continue;
      if (process.state !== "killed")
        throw new Violation(`${name} counts ${usedBytes} bytes in flight, of ${inFlightMaxBytes}`);
    }
  }
}

/** The reason why the world is not settled; null if it is. */
function unsettled(scene: Scene): string | null {
  const { census, kafka, declarations, producers } = scene;
  if (scene.dueActs > 0) return "something is still to happen";
  if (!producers.settled) return "something is still written";
  const declared = [...declarations.present.keys()];
  const missing = declared.find((topic) => !kafka.topics().has(topic));
  if (missing !== undefined) return `${missing} is not there`;
  const open = census.open(declared);
  if (open.length > 0) return `${open.length} records have no outcome: ${open.slice(0, 5).join(", ")}`;
  for (const topic of declared)
    for (let partition = 0; partition < kafka.partitionsOf(topic); partition += 1) {
      const log = kafka.replicas(topic, partition)?.log;
      if (log === undefined) continue;
      const committed = committedOf(scene, topic, partition) ?? log.start;
      if (committed !== log.end) return `${topic}:${partition} is committed up to ${committed} of ${log.end}`;
    }
  return null;
}

/** Null if none. */
function committedOf({ kafka, census }: Scene, topic: string, partition: number): number | null {
  return census.setBack(topic, partition) ?? kafka.committed(GROUP, topic, partition)?.offset ?? null;
}

function untilSettled(scene: Scene): void {
  const { time } = scene;
  const limitMs = time.monotonicMs() + SETTLE_MS;
  let sinceMs: number | null = null;
  for (;;) {
    const left = unsettled(scene);
    if (left !== null) sinceMs = null;
    else sinceMs ??= time.monotonicMs();
    if (sinceMs !== null && time.monotonicMs() - sinceMs >= QUIET_MS) break;
    if (time.monotonicMs() >= limitMs)
      throw new Violation(`not settled ${SETTLE_MS} ms after the last fault: ${left}`);
    runUntil(scene, time.monotonicMs() + LOOK_MS);
  }
  scene.story.note("world", "everything has its outcome and is committed");
  // Records of a deleted topic may wait for an answer that never comes.
  const emptyByMs = time.monotonicMs() + 2 * REQUEST_TIMEOUT_MS;
  const holding = () => running(scene).find(({ flow }) => flow.budget.usedBytes !== 0);
  while (holding() !== undefined && time.monotonicMs() < emptyByMs)
    runUntil(scene, time.monotonicMs() + LOOK_MS);
  const left = holding();
  if (left !== undefined)
    throw new Violation(`${left.name} holds ${left.flow.budget.usedBytes} bytes, and has nothing in flight`);
  for (const [place, readers] of scene.ownership.readersSince(
    Math.max(scene.ownership.toldAtMs, sinceMs) + HANDED_OVER_MS,
  ))
    for (const reader of readers)
      if (!scene.ownership.of(reader).has(place))
        throw new Violation(`${reader} reads ${place}, which is not its own`);
  if (scene.calm && scene.doubles > 0)
    throw new Violation(`${scene.doubles} documents were sent twice, though nothing had happened`);
}

function stopAll(scene: Scene): void {
  const { time, hosts, kafka, census, declarations, ownership } = scene;
  const stopped = running(scene);
  scene.closing = true;
  for (const topic of declarations.present.keys())
    for (let partition = 0; partition < kafka.partitionsOf(topic); partition += 1)
      scene.producers.write(topic, partition, 2);
  runUntil(scene, time.monotonicMs() + scene.dice.next() * IN_FLIGHT_MS);
  for (const host of hosts) host.stop();
  const limitMs = time.monotonicMs() + STOP_MS;
  const stopping = (): string[] =>
    [...hosts].filter(({ stopped }) => stopped === null).map(({ name }) => name);
  while (stopping().length > 0) {
    if (time.monotonicMs() >= limitMs)
      throw new Violation(`${stopping().join(", ")} did not stop within ${STOP_MS} ms`);
    runUntil(scene, time.monotonicMs() + LOOK_MS);
  }
  runUntil(scene, time.monotonicMs() + LEFT_OVER_MS);
  for (const { name, stopped, flow, process } of hosts) {
    if (stopped?.clean === false && stopped.atMs > limitMs - STOP_MS)
      throw new Violation(`${name} stopped, and says that something stayed uncommitted`);
    if (flow.budget.usedBytes !== 0)
      throw new Violation(`${name} has stopped, and holds ${flow.budget.usedBytes} bytes`);
    if (process.timers > 0)
      throw new Violation(
        `${name} has stopped, and ${process.timers} timers are set\n${process.timersSetAt().join("\n")}`,
      );
  }
  for (const topic of declarations.present.keys())
    for (let partition = 0; partition < kafka.partitionsOf(topic); partition += 1) {
      const committed = committedOf(scene, topic, partition) ?? 0;
      const beyond = census.done(topic, partition, committed);
      if (beyond.length > 0)
        throw new Violation(
          `all hosts stopped clean, and ${topic}:${partition} is committed up to ${committed}: ${beyond.join(", ")} are done`,
        );
    }
  const members = new Set(kafka.group(GROUP)?.members);
  for (const { name } of stopped) {
    const member = ownership.memberOf(name);
    if (member !== null && members.has(member))
      throw new Violation(`${name} has stopped, and is still a member of its group: ${member}`);
  }
}
