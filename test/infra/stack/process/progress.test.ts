import { expect, test } from "bun:test";
import { createProgressDisplay } from "../../../../infra/stack/process/progress.ts";

function record(isTTY: boolean): { text: () => string; display: ReturnType<typeof createProgressDisplay> } {
  const written: string[] = [];
  const display = createProgressDisplay({ isTTY, write: (text) => written.push(text) });
  return { text: () => written.join(""), display };
}

test("without a terminal, every step and every 10 MB is a line", () => {
  const { text, display } = record(false);
  display.show({ part: "kafka", step: "downloading", bytes: 0 });
  display.show({ part: "kafka", step: "downloading", bytes: 5_000_000 });
  display.show({ part: "kafka", step: "downloading", bytes: 12_000_000 });
  display.show({ part: "kafka", step: "ready" });
  display.end();
  expect(text()).toBe("kafka downloading 0.0 MB\nkafka downloading 12.0 MB\nkafka ready\n");
});

test("on a terminal, one line shows all parts and the bytes so far", () => {
  const { text, display } = record(true);
  display.show({ part: "kafka", step: "downloading", bytes: 43_210_000 });
  display.show({ part: "etcd", step: "ready" });
  display.end();
  expect(text().split("\r\x1b[2K").at(-1)).toBe("kafka downloading 43.2 MB · etcd ready\n");
});
