import { expect, test } from "bun:test";
import { seededRandom } from "../../../../../infra/bench/kit/random.ts";
import { createReader, type FetchedPart } from "../../../../../lib/adapters/kafka/reader/reader.ts";
import { createVirtualTime } from "../../../../simulation/virtual-time.ts";
import { collectingSink } from "../../../../support/collecting-sink.ts";
import { createMemoryLogger } from "../../../../support/memory-logger.ts";
import { ModelKafka, type ModelRecords } from "../../../../support/model-kafka.ts";
import { rounds } from "../../../../support/rounds.ts";

const endOf = ({ records }: FetchedPart): number => (records as ModelRecords).end;

/**
 * Partitions with room that comes and goes. As with a topic's inlets, whoever is told that there is none is woken once when there is
 * some; what is being worked up then is not, since it goes on by itself.
 */
function run(seed: number): readonly { readonly end: number; readonly written: number }[] {
  const time = createVirtualTime(seededRandom(seed));
  const kafka = new ModelKafka(time);
  const reader = createReader({ wire: kafka, rack: "", time, logger: createMemoryLogger() });
  const chance = seededRandom(seed + 1).next;
  const opened = Array.from({ length: 3 }, (_, partition) => {
    kafka.create(`t${partition}`);
    let waits = false;
    let working = false;
    let hasRoom = true;
    const sink = collectingSink(endOf, (part) => {
      working = true;
      time.after(chance() * 30, () => {
        working = false;
        read.next(endOf(part));
      });
    });
    const told = sink.room.bind(sink);
    sink.room = () => {
      told();
      if (hasRoom) return 1024;
      waits = true;
      return 0;
    };
    const read = reader.open(`t${partition}`, 0, 0, sink);
    const setRoom = (wanted: boolean): void => {
      hasRoom = wanted;
      if (!wanted || !waits) return;
      waits = false;
      if (!working) read.wake();
    };
    return { topic: `t${partition}`, sink, setRoom };
  });
  for (let step = 0; step < 300; step += 1) {
    for (const { topic, setRoom } of opened) {
      if (chance() < 0.2) kafka.append(topic, 1 + Math.floor(chance() * 12));
      if (chance() < 0.3) setRoom(chance() < 0.5);
    }
    time.run(time.monotonicMs() + chance() * 8);
  }
  for (const { setRoom } of opened) setRoom(true);
  time.run(time.monotonicMs() + 5_000);
  const ends = opened.map(({ topic, sink }) => ({ end: sink.end, written: kafka.log(topic).end }));
  time.settle(reader.close(), time.monotonicMs() + 100);
  return ends;
}

test("when there is room again, parked partitions continue", () => {
  for (let seed = 0; seed < rounds(60, 12); seed += 1)
    for (const { end, written } of run(seed * 2)) expect({ seed, end }).toEqual({ seed, end: written });
});
