/** So many bytes are shown as hexadecimal digits: a page of 4,096 lines. */
const MAX_HEX_BYTES = 64 * 1024;
const PER_LINE = 16;

/** The bytes that base64 text stands for. */
export function bytesIn(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** Bytes as `hexdump -C` shows them: position, hexadecimal digits, and the printable ASCII among them. */
export function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, MAX_HEX_BYTES); at += PER_LINE) {
    const some = [...bytes.subarray(at, at + PER_LINE)];
    const digits = some.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = some.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${at.toString(16).padStart(8, "0")}  ${digits.padEnd(3 * PER_LINE - 1)}  ${text}`);
  }
  if (bytes.length > MAX_HEX_BYTES) lines.push(`… and ${bytes.length - MAX_HEX_BYTES} more bytes`);
  return lines.join("\n");
}
