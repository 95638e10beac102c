import { expect, test } from "bun:test";
import { DecodeTurns } from "../../../../infra/host/shares/decode-turns.ts";

test("what is decoded for a person waits for its turn, and others for its end", async () => {
  const turns = new DecodeTurns();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.alone(async () => {
    seen.push("first begins");
    await gate.promise;
    seen.push("first ends");
    return 1;
  });
  const second = turns.alone(() => Promise.resolve(void seen.push("second")));
  const piece = Promise.withResolvers<void>();
  turns.enter({
    decodePiece() {
      seen.push("a piece");
      piece.resolve();
    },
  });
  while (seen.length === 0) await Promise.resolve();
  expect(seen).toEqual(["first begins"]);
  gate.resolve();
  expect(await first).toBe(1);
  await Promise.all([second, piece.promise]);
  expect(seen).toEqual(["first begins", "first ends", "second", "a piece"]);
});

test("an error is for who asked; the turns go on", async () => {
  const turns = new DecodeTurns();
  const failed = turns.alone(() => Promise.reject(new Error("cannot be read")));
  const next = turns.alone(() => Promise.resolve("next"));
  expect(await failed.catch(String)).toBe("Error: cannot be read");
  expect(await next).toBe("next");
});
