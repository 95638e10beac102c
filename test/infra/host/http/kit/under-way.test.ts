import { describe, expect, test } from "bun:test";
import { UnderWay } from "../../../../../infra/host/http/kit/under-way.ts";
import { rejection } from "../../../../support/rejection.ts";

const never = new AbortController().signal;
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("what is under way", () => {
  test("is ended by the stop, which waits for it and refuses what comes later", async () => {
    const work = new UnderWay();
    const asked = work.within(60_000, never, "too late", untilAborted);
    const cleaned = Promise.withResolvers<void>();
    const added = work.add(cleaned.promise);
    const stopped = work.stop().then(() => "stopped");
    expect(await rejection(asked)).toMatchObject({ code: "stopping" });
    expect(await Promise.race([stopped, Promise.resolve("waits")])).toBe("waits");
    cleaned.resolve();
    await added;
    expect(await stopped).toBe("stopped");
    expect(await rejection(work.within(60_000, never, "too late", untilAborted))).toMatchObject({
      code: "stopping",
    });
  });

  test("is told to be too late only by its own time limit", async () => {
    const work = new UnderWay();
    expect(await rejection(work.within(1, never, "it took longer than 1 ms", untilAborted))).toMatchObject({
      code: "deadline_exceeded",
      message: "it took longer than 1 ms",
    });
    const left = new Error("the client left");
    const client = new AbortController();
    const asked = work.within(60_000, client.signal, "too late", untilAborted);
    client.abort(left);
    expect(await rejection(asked)).toBe(left);
  });
});
