import { expect, test } from "bun:test";
import { ExitCode } from "../../../../infra/cli/kit/exit-code.ts";
import { reportFailure } from "../../../../infra/cli/kit/failure.ts";
import { Interruption } from "../../../../infra/cli/kit/stop-signal.ts";
import { PenstockError } from "../../../../lib/rules/base/errors.ts";

function reported(error: unknown, json = false) {
  let text = "";
  const code = reportFailure(error, {
    help: "Usage: bun run x\n\nmore",
    json,
    write: (part) => (text += part),
  });
  return { text, code };
}

test("wrong usage is reported with the first line of the help", () => {
  expect(reported(new PenstockError("usage", "no such thing"))).toEqual({
    text: "no such thing\nUsage: bun run x (see --help)\n",
    code: ExitCode.usage,
  });
});

test("each problem of a bad config keeps its line", () => {
  const error = new PenstockError("config_invalid", "a.yaml:1:1 one\na.yaml:2:1 two");
  expect(reported(error)).toEqual({ text: "a.yaml:1:1 one\na.yaml:2:1 two\n", code: ExitCode.badConfig });
});

test("the exit code of a signal is that of shells", () => {
  expect(reported(new Interruption("ended by SIGINT", "SIGINT"))).toEqual({
    text: "ended by SIGINT\n",
    code: 130,
  });
});

test("a failure caused by a signal is reported as the signal", () => {
  const cause = new Interruption("ended by SIGINT", "SIGINT");
  const error = new PenstockError("kafka_unavailable", "Kafka does not answer", { cause });
  expect(reported(error)).toEqual({ text: "ended by SIGINT\n", code: 130 });
});

test("JSON is one object on one line", () => {
  expect(JSON.parse(reported(new PenstockError("etcd_unavailable", "down"), true).text)).toEqual({
    error: { code: "etcd_unavailable", message: "down", exitCode: 1 },
  });
  expect(JSON.parse(reported(new TypeError("oh"), true).text)).toEqual({
    error: { code: "failed", message: "oh", exitCode: 1 },
  });
});
