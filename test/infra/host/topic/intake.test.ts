import { describe, expect, test } from "bun:test";
import { createIntake } from "../../../../infra/host/topic/intake.ts";
import type { TopicTaker } from "../../../../infra/host/topic/open-topic.ts";
import type { GroupListener, GroupMember } from "../../../../lib/adapters/kafka/group/member/member.ts";
import { Tenure } from "../../../../lib/adapters/kafka/group/member/tenure.ts";
import type { Opening } from "../../../../lib/adapters/kafka/reader/opening.ts";
import { systemTime } from "../../../../lib/adapters/system/system-time.ts";
import { flush } from "../../../support/fake-time.ts";
import { rejection } from "../../../support/rejection.ts";
import { idleInlets } from "../../../support/idle-inlets.ts";
import { createMemoryLogger } from "../../../support/memory-logger.ts";
import { openedAt } from "../../../support/looked-up.ts";

/** A member that is told what it owns. */
class FakeMember implements GroupMember {
  readonly wanted: (readonly string[])[] = [];
  readonly tenures = new Map<string, Map<number, Tenure>>();
  named = new Set<string>();
  trouble: GroupMember["trouble"] = null;
  troubles: GroupMember["troubles"] = new Map();
  left = false;
  readonly isSure = true;
  readonly listener: GroupListener;
  readonly openings: Opening[] = [];

  constructor(listener: GroupListener) {
    this.listener = listener;
  }

  want(topics: ReadonlySet<string>): void {
    this.wanted.push([...topics]);
  }

  /** A generation in which these are ours, beside what was. */
  assign(topic: string, ...partitions: number[]): Tenure[] {
    const own = this.tenures.get(topic) ?? new Map<number, Tenure>();
    this.tenures.set(topic, own);
    const added = partitions.map((partition) => new Tenure(topic, partition));
    for (const tenure of added) own.set(tenure.partition, tenure);
    this.named.add(topic);
    this.listener.onAssigned(added);
    this.listener.onChange();
    return added;
  }

  lose(...tenures: Tenure[]): void {
    for (const tenure of tenures) {
      tenure.end();
      this.tenures.get(tenure.topic)?.delete(tenure.partition);
    }
    this.listener.onLost(tenures);
  }

  partitionsOf = (): number => 2;
  check(): void {}
  commit = () => Promise.resolve(new Map<Tenure, string>());
  committed = () => Promise.resolve(new Map());
  leave(): Promise<void> {
    this.left = true;
    for (const own of this.tenures.values()) for (const tenure of own.values()) tenure.end();
    return Promise.resolve();
  }
}

function setUp() {
  const members: FakeMember[] = [];
  /** Of closing what a membership needed. */
  const failures: Error[] = [];
  const toMove = new Set<unknown>();
  const logger = createMemoryLogger();
  const intake = createIntake({
    isToMove: (tenure) => toMove.has(tenure),
    time: systemTime,
    logger,
    join(listener) {
      const member = new FakeMember(listener);
      members.push(member);
      return {
        member,
        openings: {
          add: (opening) => void member.openings.push(opening),
          logOf: () => Promise.resolve({ logStart: 0, logEnd: 0 }),
          close() {},
        },
        reader: {
          open() {
            throw new Error("nothing here is read");
          },
        },
        close() {
          const failure = failures.pop();
          return failure === undefined ? Promise.resolve() : Promise.reject(failure);
        },
      };
    },
  });
  const present = (): FakeMember => members.at(-1) as FakeMember;
  return { intake, members, present, logger, failures, toMove };
}

/** What the inlets of one topic were told. */
function takerOf(settled: Promise<void> = Promise.resolve()) {
  const told: string[] = [];
  let looks = 0;
  const numbers = (tenures: readonly Tenure[]): string => tenures.map(({ partition }) => partition).join();
  const state = { isHeld: false };
  const taker: TopicTaker = {
    get isHeld() {
      return state.isHeld;
    },
    inlets: idleInlets({
      own: (partitions) => void told.push(`own ${numbers(partitions.map(({ tenure }) => tenure))}`),
      async settle(tenures) {
        told.push(`settle ${numbers(tenures)}`);
        await settled;
      },
      hold: (partitions) => void told.push(`hold ${numbers(partitions.map(({ tenure }) => tenure))}`),
      disown: (tenures) => void told.push(`disown ${numbers(tenures)}`),
    }),
    startAt: () => "earliest",
    onRead() {},
    onChange: () => void (looks += 1),
  };
  return { taker, told, state, looks: () => looks };
}

/** All that are looked for are found. */
function openAll(member: FakeMember): void {
  for (const opening of member.openings.splice(0)) {
    opening.onOpened(openedAt(opening.tenure, null));
  }
}

/** Topic `a`, whose partitions are read. */
function reading({ partitions = [0], settled = Promise.resolve() } = {}) {
  const world = setUp();
  const { taker, told, state } = takerOf(settled);
  const a = world.intake.open("a", taker);
  a.begin();
  const [tenure, other] = world.present().assign("a", ...partitions) as [Tenure, Tenure];
  openAll(world.present());
  return { ...world, told, state, a, tenure, other };
}

test("topics that are opened in one moment are told to the group at once, and none that was closed again", async () => {
  const { intake, present } = setUp();
  intake.open("a", takerOf().taker);
  intake.open("b", takerOf().taker).close();
  intake.release("b");
  intake.open("c", takerOf().taker);
  await flush();
  expect(present().wanted).toEqual([["a", "c"]]);
});

test("a topic is up once the group names it and what is ours is open, with or without partitions", () => {
  const { intake, present } = setUp();
  const { taker, told } = takerOf();
  const [a, none] = [intake.open("a", taker), intake.open("none", takerOf().taker)];
  a.begin();
  expect([a.isUp, none.isUp]).toEqual([false, false]);
  present().assign("none");
  present().assign("a", 0, 1);
  expect([a.isUp, none.isUp]).toEqual([false, true]);
  openAll(present());
  expect(a.isUp).toBe(true);
  expect(told).toEqual(["own 0", "own 1"]);
});

test("nothing is read before it begins, and nothing that has left meanwhile", () => {
  const { intake, present } = setUp();
  const { taker, told } = takerOf();
  const a = intake.open("a", taker);
  const [, second] = present().assign("a", 0, 1, 2);
  openAll(present());
  if (second !== undefined) present().lose(second);
  expect(told).toEqual([]);
  a.begin();
  expect(told).toEqual(["own 0,2"]);
});

describe("a partition that is being opened", () => {
  const opening = () => {
    const world = setUp();
    const { taker, told } = takerOf();
    const a = world.intake.open("a", taker);
    a.begin();
    const [tenure] = world.present().assign("a", 0);
    const [asked] = world.present().openings;
    return { ...world, a, told, tenure: tenure as Tenure, asked };
  };

  test("and is lost, is not looked up any more, and not read where it was", () => {
    const { present, told, tenure, asked } = opening();
    expect(asked?.isDue()).toBe(true);
    present().lose(tenure);
    expect(asked?.isDue()).toBe(false);
    openAll(present());
    expect(told).toEqual([]);
  });

  test("and is revoked, has nothing to be settled", async () => {
    const { present, told, tenure, asked } = opening();
    await present().listener.onRevoke([tenure]);
    expect(asked?.isDue()).toBe(false);
    openAll(present());
    expect(told).toEqual([]);
  });

  test("while its topic is paused, is let go of: nothing more of the topic is opened or read", () => {
    const { a, present, told, asked } = opening();
    a.pause();
    expect(asked?.isDue()).toBe(false);
    openAll(present());
    present().assign("a", 1);
    expect([present().openings.length, told]).toEqual([0, []]);
  });

  test("says what keeps it, until it is open or gone", () => {
    const { a, present, asked, tenure } = opening();
    asked?.onTrouble("no leader");
    expect([a.hint, a.isUp]).toEqual(["no leader", false]);
    openAll(present());
    expect([a.hint, a.isUp]).toEqual([null, true]);
    asked?.onTrouble("too late");
    expect(a.hint).toBeNull();
    present().lose(tenure);
  });
});

test("a topic that is removed while it is read keeps its place until it is closed, and has one again when it is back", async () => {
  const { intake, present, told, a, tenure } = reading();
  await flush();
  a.pause();
  intake.release("a");
  await flush();
  expect(present().wanted).toEqual([["a"]]);
  a.close();
  intake.release("a");
  await flush();
  expect(present().wanted).toEqual([["a"], []]);
  // Its inlets are closed by whoever drained them.
  present().lose(tenure);
  expect(told).toEqual(["own 0"]);
  const other = takerOf();
  intake.open("a", other.taker).begin();
  present().assign("a", 0);
  openAll(present());
  await flush();
  expect([present().wanted.at(-1), other.told]).toEqual([["a"], ["own 0"]]);
});

test("what is revoked is settled before the member hears, and then gone; the rest goes on", async () => {
  const settled = Promise.withResolvers<void>();
  const { present, told, tenure } = reading({ partitions: [0, 1], settled: settled.promise });
  let done = false;
  const revoked = present()
    .listener.onRevoke([tenure])
    .then(() => (done = true));
  await flush();
  expect([done, told.at(-1)]).toEqual([false, "settle 0"]);
  settled.resolve();
  await revoked;
  expect(told.slice(2)).toEqual(["settle 0", "disown 0"]);
});

test("what is about to be another's is not opened by a taker that comes meanwhile, and keeps no topic from being up", async () => {
  const { intake, present } = setUp();
  const settled = Promise.withResolvers<void>();
  const [one, other, slow] = [takerOf(), takerOf(), takerOf(settled.promise)];
  const [first, second] = [intake.open("a", one.taker), intake.open("b", slow.taker)];
  first.begin();
  second.begin();
  const [leaving] = present().assign("a", 0, 1);
  const [alike] = present().assign("b", 0, 1);
  openAll(present());
  first.pause();
  first.close();
  const revoked = present().listener.onRevoke([leaving as Tenure, alike as Tenure]);
  const again = intake.open("a", other.taker);
  again.begin();
  openAll(present());
  expect(other.told).toEqual(["own 1"]);
  expect([again.isUp, second.isUp]).toEqual([true, true]);
  settled.resolve();
  await revoked;
});

test("what is lost is gone at once", () => {
  const { present, told, tenure } = reading();
  present().lose(tenure);
  expect(told).toEqual(["own 0", "disown 0"]);
});

test("what may be another log by now is closed, and opened again where the group stands in it", () => {
  const { intake, present, told, a, tenure } = reading();
  intake.reopen(tenure);
  expect(a.isUp).toBe(false);
  openAll(present());
  expect([told, a.isUp]).toEqual([["own 0", "disown 0", "own 0"], true]);
});

test("a partition whose position is moved is settled, not read meanwhile, and opened at the new one; the topic stays up", async () => {
  const settled = Promise.withResolvers<void>();
  const world = reading({ partitions: [0, 1], settled: settled.promise });
  const { intake, present, toMove, told, a, tenure, other } = world;
  const moved = intake.move(tenure, () => {
    told.push("move");
    return Promise.resolve();
  });
  // Nobody else opens it, and a second move does nothing.
  await intake.move(tenure, () => Promise.reject(new Error("twice")));
  intake.reopen(other);
  expect([present().openings.length, a.isUp]).toEqual([1, false]);
  openAll(present());
  expect(a.isUp).toBe(true);
  settled.resolve();
  await moved;
  openAll(present());
  expect(told).toEqual(["own 0", "own 1", "settle 0", "disown 1", "own 1", "disown 0", "move", "own 0"]);

  // One that was assigned but must be moved first is not opened before.
  const [late] = present().assign("a", 2) as [Tenure];
  expect(present().openings.length).toBe(1);
  openAll(present());
  toMove.add(late);
  intake.reopen(late);
  expect(present().openings.length).toBe(0);
  const failure = await rejection(intake.move(late, () => Promise.reject(new Error("not now"))));
  expect(failure).toHaveProperty("message", "not now");
  expect(present().openings.length).toBe(0);
  await intake.move(late, () => Promise.resolve(void toMove.delete(late)));
  expect(present().openings.length).toBe(1);
});

test("what was assigned while it was to be moved is opened once it is not, and once only", () => {
  const { intake, present, toMove, a } = reading();
  const late = new Tenure("a", 1);
  toMove.add(late);
  present().tenures.get("a")?.set(1, late);
  present().listener.onAssigned([late]);
  intake.take(late);
  expect(present().openings.length).toBe(0);
  toMove.delete(late);
  expect(a.isUp).toBe(false);
  for (let times = 0; times < 2; times += 1) intake.take(late);
  expect(present().openings.length).toBe(1);
  openAll(present());
  expect(a.isUp).toBe(true);
});

test("a partition that is lost while it is settled is not moved", async () => {
  const settled = Promise.withResolvers<void>();
  const { intake, present, tenure } = reading({ settled: settled.promise });
  let acted = false;
  const moved = intake.move(tenure, () => Promise.resolve(void (acted = true)));
  present().lose(tenure);
  settled.resolve();
  await moved;
  expect([acted, present().openings.length]).toEqual([false, 0]);
});

test("another taker of a topic that was not released goes on with what is ours", async () => {
  const { intake, present, told, a } = reading();
  const other = takerOf();
  a.pause();
  a.close();
  await flush();
  const second = intake.open("a", other.taker);
  second.begin();
  openAll(present());
  expect([told, other.told]).toEqual([["own 0"], ["own 0"]]);
  expect(second.isUp).toBe(true);
  await flush();
  expect(present().wanted.at(-1)).toEqual(["a"]);
});

test("other settings: all is settled, the group left, and joined again as another member", async () => {
  const { intake, members, present, told, a, tenure } = reading();
  await intake.renew();
  await flush();
  expect(told).toEqual(["own 0", "settle 0", "disown 0"]);
  expect([members.length, members[0]?.left, tenure.ended, a.isUp]).toEqual([2, true, true, false]);
  expect(present().wanted).toEqual([["a"]]);
  // What the former member still says is about nothing.
  members[0]?.listener.onAssigned([new Tenure("a", 1)]);
  expect(members[0]?.openings).toEqual([]);
  present().assign("a", 0);
  openAll(present());
  expect([told.at(-1), a.isUp]).toEqual(["own 0", true]);
});

test("other settings: what is opened while all is settled is not kept from the former membership", async () => {
  const { intake, present } = setUp();
  const settled = Promise.withResolvers<void>();
  const [slow, late] = [takerOf(settled.promise), takerOf()];
  intake.open("slow", slow.taker).begin();
  present().assign("slow", 0);
  openAll(present());
  present().assign("late", 0);
  const renewed = intake.renew();
  await flush();
  intake.open("late", late.taker).begin();
  openAll(present());
  settled.resolve();
  await renewed;
  expect(late.told).toEqual(["own 0", "disown 0"]);
});

test("other settings: where the former way does not close in order, the new one is gone all the same", async () => {
  const { intake, present, failures } = setUp();
  const a = intake.open("a", takerOf().taker);
  a.begin();
  await flush();
  failures.push(new Error("a connection did not close"));
  expect(await rejection(intake.renew())).toMatchObject({ message: "a connection did not close" });
  await flush();
  expect(present().wanted).toEqual([["a"]]);
  await intake.leave();
  expect(present().left).toBe(true);
});

test("while the host stops, what is released is not told to the group, which is left once", async () => {
  const { intake, present } = setUp();
  const a = intake.open("a", takerOf().taker);
  await flush();
  intake.beginLeaving();
  a.close();
  intake.release("a");
  await flush();
  expect(present().wanted).toEqual([["a"]]);
  await intake.leave();
  expect(present().left).toBe(true);
});

test("a trouble of the group is every topic's, one of a topic its own, and each is logged once", () => {
  const { intake, present, logger } = setUp();
  const [a, b] = [intake.open("a", takerOf().taker), intake.open("b", takerOf().taker)];
  const trouble = { code: "kafka_refused", message: "no room", sinceMs: 1 } as const;
  present().troubles = new Map([["a", trouble]]);
  present().listener.onChange();
  present().listener.onChange();
  expect([a.trouble, b.trouble, intake.membership.member.trouble]).toEqual([trouble, null, null]);
  const away = { ...trouble, message: "the group is another's" };
  present().trouble = away;
  present().listener.onChange();
  expect([a.trouble, b.trouble, intake.membership.member.trouble]).toEqual([away, away, away]);
  expect(logger.lines.map(({ message }) => message)).toEqual([
    "the group blocks topics",
    "no topic is read: the group is not joined",
  ]);
});

describe("a topic that is held", () => {
  test("settles what it reads, keeps its partitions without reading them, and reads on from where it was", async () => {
    const settled = Promise.withResolvers<void>();
    const { present, told, state, a } = reading({ partitions: [0, 1], settled: settled.promise });
    told.length = 0;
    state.isHeld = true;
    const turned = a.holdOrRead();
    expect([a.isUp, told]).toEqual([false, ["settle 0,1"]]);
    // Another partition comes meanwhile.
    present().assign("a", 2);
    openAll(present());
    settled.resolve();
    await turned;
    openAll(present());
    expect(told).toEqual(["settle 0,1", "hold 2", "disown 0,1", "hold 0", "hold 1"]);
    expect(a.isUp).toBe(true);
    told.length = 0;
    state.isHeld = false;
    await a.holdOrRead();
    openAll(present());
    expect(told).toEqual(["disown 2,0,1", "own 0", "own 1", "own 2"]);
    expect(present().wanted).toEqual([["a"]]);
  });

  test("is not moved while it settles, which may commit afterwards", async () => {
    const settled = Promise.withResolvers<void>();
    const { intake, present, state, a, tenure } = reading({ settled: settled.promise });
    state.isHeld = true;
    const turned = a.holdOrRead();
    let moves = 0;
    const move = () => intake.move(tenure, async () => void (moves += 1));
    await move();
    expect(moves).toBe(0);
    settled.resolve();
    await turned;
    openAll(present());
    await move();
    expect(moves).toBe(1);
  });

  test("and released while it still settles, is read again", async () => {
    const settled = Promise.withResolvers<void>();
    const { present, told, state, a } = reading({ settled: settled.promise });
    state.isHeld = true;
    const turned = a.holdOrRead();
    state.isHeld = false;
    await a.holdOrRead();
    settled.resolve();
    await turned;
    openAll(present());
    expect(told).toEqual(["own 0", "settle 0", "disown 0", "own 0"]);
  });

  test("and released while it is looked up, is looked up anew: the position may have been moved meanwhile", async () => {
    const { intake, present } = setUp();
    const { taker, state } = takerOf();
    const looks: (() => boolean)[] = [];
    const open: TopicTaker["inlets"]["lookUp"]["open"] = (partitions, sink) => {
      for (const one of partitions) looks.push(() => sink.isDue(one));
    };
    Object.assign(taker.inlets, { lookUp: { open } });
    const a = intake.open("a", taker);
    a.begin();
    present().assign("a", 0);
    openAll(present());
    expect(looks.map((isDue) => isDue())).toEqual([true]);
    state.isHeld = true;
    await a.holdOrRead();
    openAll(present());
    state.isHeld = false;
    await a.holdOrRead();
    // Also before its position is known.
    expect(looks.map((isDue) => isDue())).toEqual([false]);
    openAll(present());
    expect(looks.map((isDue) => isDue())).toEqual([false, true]);
  });

  test("from the beginning, is open without its index, and reads nothing that was looked up before", async () => {
    const { intake, present } = setUp();
    const { taker, told, state } = takerOf();
    state.isHeld = true;
    const a = intake.open("a", taker);
    present().assign("a", 0);
    openAll(present());
    expect([a.isUp, told]).toEqual([true, ["hold 0"]]);
    state.isHeld = false;
    await a.holdOrRead();
    openAll(present());
    state.isHeld = true;
    await a.holdOrRead();
    openAll(present());
    a.begin();
    expect(told).toEqual(["hold 0", "disown 0", "hold 0"]);
  });
});
