import { afterAll, expect, spyOn, test } from "bun:test";
import { sortExport } from "../../../../../../infra/console/app/explore/patterns/sort-export.ts";

const fetched = spyOn(globalThis, "fetch");
afterAll(() => fetched.mockRestore());

const reasonOf = async (): Promise<string> => {
  const answer = await sortExport("/logs/export?format=ndjson");
  return answer.kind === "failed" ? answer.reason : `${answer.lines} lines`;
};

test("an export is sorted by the messages of its lines", async () => {
  fetched.mockResolvedValueOnce(
    new Response('{"message":"order 1 shipped"}\n{"message":"order 2 shipped"}\n'),
  );
  expect(await sortExport("/logs/export")).toMatchObject({
    lines: 2,
    isCut: false,
    others: 0,
    patterns: [{ words: ["order", "<*>", "shipped"], count: 2 }],
  });
  const headers = { "penstock-export-limit": "1" };
  fetched.mockResolvedValueOnce(new Response('{"message":"order 1 shipped"}\n', { headers }));
  expect(await sortExport("/logs/export")).toMatchObject({ lines: 1, isCut: true });
});

test("an export that is cut off is not called a host that cannot be reached", async () => {
  const cut = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new TextEncoder().encode('{"message":"order 1 shipped"}\n'));
      controller.error(new Error("connection closed"));
    },
  });
  fetched.mockResolvedValueOnce(new Response(cut));
  expect(await reasonOf()).toContain("broke off");
  fetched.mockResolvedValueOnce(new Response('{"message":"order 1 sh'));
  expect(await reasonOf()).toContain("broke off");
  fetched.mockRejectedValueOnce(new TypeError("connection refused"));
  expect(await reasonOf()).toBe("The host cannot be reached.");
  fetched.mockResolvedValueOnce(new Response("", { status: 429 }));
  expect(await reasonOf()).toBe("The host answered 429.");
});
