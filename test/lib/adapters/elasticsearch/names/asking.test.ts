import { describe, expect, test } from "bun:test";
import { inHalves } from "../../../../../lib/adapters/elasticsearch/names/asking.ts";
import { PenstockError } from "../../../../../lib/rules/base/errors.ts";
import { rejection } from "../../../../support/rejection.ts";

const names = Array.from({ length: 128 }, (_, n) => `n${n}`);

/** Refuses each request that is about one of these. */
async function asked(guilty: ReadonlySet<string>, status = 403) {
  const answered: string[] = [];
  const refused: string[] = [];
  let requests = 0;
  await inHalves(
    names,
    async (some) => {
      requests += 1;
      if (some.some((name) => guilty.has(name)))
        throw new PenstockError("elasticsearch_refused", "no", { cause: { status } });
      answered.push(...some);
    },
    (_, name) => void refused.push(name),
  );
  return { answered, refused, requests };
}

describe("names that are asked about together", () => {
  test("are one request", async () => {
    expect(await asked(new Set())).toEqual({ answered: names, refused: [], requests: 1 });
  });

  test.each([403, 404])("one of them that is refused with %i is left out alone", async (status) => {
    const { answered, refused, requests } = await asked(new Set(["n77"]), status);
    expect({ refused, requests }).toEqual({ refused: ["n77"], requests: 15 });
    expect(answered).toEqual(names.filter((name) => name !== "n77"));
  });

  test("take a bounded number of requests, however many are refused", async () => {
    const { refused, requests } = await asked(new Set(names));
    expect(refused.toSorted()).toEqual(names.toSorted());
    expect(requests).toBeLessThan(80);
  });

  test("are not asked again if the server does not answer", async () => {
    expect(await rejection(asked(new Set(["n1"]), 503))).toMatchObject({ cause: { status: 503 } });
  });
});
