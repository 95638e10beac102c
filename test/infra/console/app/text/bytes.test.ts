import { expect, test } from "bun:test";
import { bytesIn, hexDump } from "../../../../../infra/console/app/text/bytes.ts";

test("bytes are shown with their position, their digits and what of them is ASCII", () => {
  const bytes = bytesIn(
    Buffer.from([...Buffer.from("penstock:"), 0, 0x1b, 0xff, 0x7f, 0xc3, 0xa4, 0x7e, 0x21]).toString(
      "base64",
    ),
  );
  expect(hexDump(bytes)).toBe(
    "00000000  70 65 6e 73 74 6f 63 6b 3a 00 1b ff 7f c3 a4 7e  penstock:......~\n" +
      "00000010  21                                               !",
  );
  expect(hexDump(new Uint8Array())).toBe("");
});

test("many bytes are cut, and that is said", () => {
  const lines = hexDump(new Uint8Array(64 * 1024 + 5)).split("\n");
  expect([lines.length, lines.at(-1)]).toEqual([4_097, "… and 5 more bytes"]);
});
