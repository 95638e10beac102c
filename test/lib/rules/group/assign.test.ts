import { describe, expect, test } from "bun:test";
import {
  array,
  assert,
  boolean,
  constantFrom,
  nat,
  property,
  record,
  subarray,
  tuple,
  uniqueArray,
} from "fast-check";
import { assign, type Assigned } from "../../../../lib/rules/group/assign.ts";
import type { AssignedMember, Subscription } from "../../../../lib/rules/group/protocol/subscription.ts";

type Held = Map<string, number[]>;

const HOSTS = ["a", "b", "c", "d", "e"];
const TOPICS = Array.from({ length: 20 }, (_, n) => `topic-${n}`);
const counts = array(nat(8), { minLength: 1, maxLength: 20 }).map(
  (sizes) => new Map(sizes.map((size, n) => [TOPICS[n] ?? "", size])),
);

function member(host: string, wanted: Iterable<string>, changes: Partial<Subscription> = {}): AssignedMember {
  const subscription = {
    host,
    wanted: [...wanted].sort(),
    generation: 0,
    held: new Map(),
    leaving: new Map(),
  };
  return { memberId: `id-${host}`, subscription: { ...subscription, ...changes } };
}

/** What each member holds after giving up what it was not given: the input of the next round. */
function nextRound(members: readonly AssignedMember[], { given }: Assigned): AssignedMember[] {
  return members.map(({ memberId, subscription }) => ({
    memberId,
    subscription: {
      ...subscription,
      generation: subscription.generation + 1,
      held: new Map([...(given.get(memberId) ?? [])].map(([topic, own]) => [topic, [...own]])),
      leaving: new Map(),
    },
  }));
}

/** The owner of each partition, as `topic:partition`. @throws if one has two */
function ownersOf({ given }: Assigned): Map<string, string> {
  const owners = new Map<string, string>();
  for (const [memberId, topics] of given)
    for (const [topic, own] of topics)
      for (const partition of own) {
        if (owners.has(`${topic}:${partition}`)) throw new Error(`${topic}:${partition} is given twice`);
        owners.set(`${topic}:${partition}`, memberId);
      }
  return owners;
}

function claimantsOf(members: readonly AssignedMember[]): Map<string, string[]> {
  const claimants = new Map<string, string[]>();
  for (const { memberId, subscription } of members)
    for (const held of [subscription.held, subscription.leaving])
      for (const [topic, own] of held)
        for (const partition of own) {
          const key = `${topic}:${partition}`;
          claimants.set(key, [...(claimants.get(key) ?? []), memberId]);
        }
  return claimants;
}

const settle = (members: readonly AssignedMember[], sizes: ReadonlyMap<string, number>): Assigned =>
  assign(nextRound(members, assign(members, sizes)), sizes);

const loadsOf = (assigned: Assigned): number[] =>
  [...assigned.given.values()].map((topics) =>
    [...topics.values()].reduce((sum, own) => sum + own.length, 0),
  );

/** Members that want some topics and claim any partitions, also wrongly and twice. */
const anyGroup = tuple(
  counts,
  uniqueArray(constantFrom(...HOSTS), { minLength: 1 }),
  array(
    record({
      wanted: subarray(TOPICS),
      held: array(tuple(constantFrom(...TOPICS), nat(9), boolean())),
      generation: nat(2),
    }),
    {
      minLength: 5,
      maxLength: 5,
    },
  ),
).map(([sizes, hosts, tells]) => ({
  sizes,
  members: hosts.map((host, n) => {
    const { wanted = [], held: claims = [], generation = 0 } = tells[n] ?? {};
    const [held, leaving]: Held[] = [new Map(), new Map()];
    for (const [topic, partition, isLeaving] of new Map(
      claims.map((claim) => [`${claim[0]}:${claim[1]}`, claim]),
    ).values()) {
      const map = (isLeaving ? leaving : held) ?? new Map<string, number[]>();
      map.set(
        topic,
        [...(map.get(topic) ?? []), partition].sort((a, b) => a - b),
      );
    }
    return member(host, wanted, { generation, held: held ?? new Map(), leaving: leaving ?? new Map() });
  }),
}));

describe("whatever the members claim", () => {
  test("no member is given what another holds, or a topic that it does not want", () => {
    assert(
      property(anyGroup, ({ sizes, members }) => {
        const claimants = claimantsOf(members);
        const latest = new Map(
          members.map(({ memberId, subscription }) => [memberId, subscription.generation]),
        );
        for (const [key, owner] of ownersOf(assign(members, sizes))) {
          const topic = key.slice(0, key.lastIndexOf(":"));
          expect(members.find(({ memberId }) => memberId === owner)?.subscription.wanted).toContain(topic);
          const others = (claimants.get(key) ?? []).filter((claimant) => claimant !== owner);
          // It may have missed a generation in which another member got the partition.
          const own = claimants.get(key)?.includes(owner) === true ? (latest.get(owner) ?? -1) : -1;
          for (const other of others) expect(latest.get(other) ?? -1).toBeLessThan(own);
        }
      }),
    );
  });

  test("every partition of a wanted topic has one owner after two rounds, and then nothing moves", () => {
    assert(
      property(anyGroup, ({ sizes, members }) => {
        const first = nextRound(members, assign(members, sizes));
        const second = assign(first, sizes);
        const wanted = new Set(members.flatMap(({ subscription }) => subscription.wanted));
        const all = [...sizes].flatMap(([topic, size]) =>
          wanted.has(topic) ? Array.from({ length: size }, (_, partition) => `${topic}:${partition}`) : [],
        );
        const owners = ownersOf(second);
        expect([...owners.keys()].sort()).toEqual(all.sort());
        expect(second.withheld).toBe(0);
        expect(ownersOf(assign(nextRound(first, second), sizes))).toEqual(owners);
      }),
    );
  });

  test("no member has two more than another that wants one of its topics", () => {
    assert(
      property(anyGroup, ({ sizes, members }) => {
        const { given } = settle(members, sizes);
        const load = (id: string): number =>
          [...(given.get(id) ?? [])].reduce((sum, [, own]) => sum + own.length, 0);
        for (const [id, topics] of given)
          for (const topic of topics.keys())
            for (const other of members)
              if (other.subscription.wanted.includes(topic))
                expect(load(id) - load(other.memberId)).toBeLessThan(2);
      }),
    );
  });

  test("the order of the members changes nothing", () => {
    assert(
      property(anyGroup, ({ sizes, members }) => {
        expect(ownersOf(assign(members.toReversed(), sizes))).toEqual(ownersOf(assign(members, sizes)));
      }),
    );
  });
});

describe("if all members want all topics", () => {
  const homogeneous = tuple(counts, nat(4)).map(([sizes, more]) => ({
    sizes,
    hosts: HOSTS.slice(0, more + 1),
    total: [...sizes.values()].reduce((sum, size) => sum + size, 0),
  }));

  test("loads differ by at most one, also within a topic", () => {
    assert(
      property(homogeneous, ({ sizes, hosts }) => {
        const assigned = assign(
          hosts.map((host) => member(host, TOPICS)),
          sizes,
        );
        const loads = loadsOf(assigned);
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
        for (const topic of sizes.keys()) {
          const own = [...assigned.given.values()].map((topics) => topics.get(topic)?.length ?? 0);
          expect(Math.max(...own) - Math.min(...own)).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("a new member gets its even share, and nothing else moves", () => {
    assert(
      property(homogeneous, ({ sizes, hosts, total }) => {
        const before = hosts.map((host) => member(host, TOPICS));
        const settled = nextRound(before, settle(before, sizes));
        const joined = [...settled, member("z", TOPICS, { generation: -1 })];
        const first = assign(joined, sizes);
        expect(first.withheld).toBe(Math.floor(total / joined.length));
        expect(first.given.get("id-z")?.size).toBe(0);
        const second = assign(nextRound(joined, first), sizes);
        const was = claimantsOf(settled);
        const moved = [...ownersOf(second)].filter(([key, owner]) => was.get(key)?.[0] !== owner);
        expect(moved.length).toBe(Math.floor(total / joined.length));
        expect(moved.every(([, owner]) => owner === "id-z")).toBeTrue();
      }),
    );
  });

  test("a new member also gets its share of a topic with many partitions", () => {
    const sizes = new Map(TOPICS.map((topic, n) => [topic, n === 0 ? 12 : 1]));
    const before = [member("a", TOPICS)];
    const settled = nextRound(before, assign(before, sizes));
    const joined = [...settled, member("b", TOPICS, { generation: -1 })];
    const second = assign(nextRound(joined, assign(joined, sizes)), sizes);
    const ofTopic = second.given.get("id-b")?.get("topic-0")?.length ?? 0;
    expect(ofTopic).toBeGreaterThanOrEqual(6);
    expect(ofTopic).toBeLessThan(12);
  });

  test("partitions of a member that left are assigned at once, and nothing else moves", () => {
    assert(
      property(homogeneous, nat(4), ({ sizes, hosts }, n) => {
        const before = hosts.map((host) => member(host, TOPICS));
        const settled = nextRound(before, settle(before, sizes));
        const left = settled.filter((_, at) => at !== n % settled.length);
        const after = assign(left, sizes);
        expect(after.withheld).toBe(0);
        const owners = ownersOf(after);
        for (const [key, [holder]] of claimantsOf(left)) expect(owners.get(key)).toBe(holder ?? "");
        const loads = loadsOf(after);
        if (left.length > 0) expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("a held partition", () => {
  const sizes = new Map([["topic-0", 2]]);

  test("claimed by two of the same generation goes to neither until both have given it up", () => {
    const members = ["a", "b"].map((host) => member(host, TOPICS, { held: new Map([["topic-0", [0]]]) }));
    const first = assign(members, sizes);
    expect([...ownersOf(first).keys()]).toEqual(["topic-0:1"]);
    expect(ownersOf(assign(nextRound(members, first), sizes)).size).toBe(2);
  });

  test("of an older generation is lost to a member with a newer one", () => {
    const members = [
      member("a", TOPICS, { generation: 4, held: new Map([["topic-0", [0]]]) }),
      member("b", TOPICS, { generation: 5, held: new Map([["topic-0", [0]]]) }),
    ];
    expect(ownersOf(assign(members, sizes)).get("topic-0:0")).toBe("id-b");
    expect(ownersOf(assign(members.toReversed(), sizes)).get("topic-0:0")).toBe("id-b");
  });

  test("that is about to be given up still goes to the other member, and no other moves instead", () => {
    const members = [
      member("a", TOPICS, { held: new Map([["topic-0", [0]]]), leaving: new Map([["topic-0", [1]]]) }),
      member("b", TOPICS),
    ];
    const first = assign(members, sizes);
    expect(first.withheld).toBe(1);
    expect([...ownersOf(first)]).toEqual([["topic-0:0", "id-a"]]);
  });

  test("beyond a topic's partitions, or of a deleted topic, belongs to nobody", () => {
    const held = new Map([
      ["topic-0", [7]],
      ["gone", [0]],
    ]);
    const { given } = assign([member("a", [...TOPICS, "gone"], { held })], sizes);
    expect([...(given.get("id-a") ?? [])]).toEqual([["topic-0", [0, 1]]]);
  });
});

describe("10,000 topics of one partition", () => {
  const many = new Map(
    Array.from({ length: 10_000 }, (_, n) => [`service-${n}.${n % 2 === 0 ? "access" : "error"}`, 1]),
  );

  test("are spread over all members, also if only every second name is wanted", () => {
    const assigned = assign(
      ["a", "b"].map((host) => member(host, many.keys())),
      many,
    );
    const access = [...(assigned.given.get("id-a")?.keys() ?? [])].filter((topic) =>
      topic.endsWith("access"),
    ).length;
    expect(access).toBeGreaterThan(2_300);
    expect(access).toBeLessThan(2_700);
  });

  test("are assigned to three members, and a fourth waits for its part", () => {
    const three = ["a", "b", "c"].map((host) => member(host, many.keys()));
    const joined = [...nextRound(three, assign(three, many)), member("d", many.keys())];
    expect(assign(joined, many).withheld).toBe(2_500);
  });
});
