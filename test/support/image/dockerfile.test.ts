import { describe, expect, test } from "bun:test";
import { readDockerfile } from "./dockerfile.ts";

describe("a Dockerfile is read strictly", () => {
  test("as Docker understands it", () => {
    const text = `# A comment.
FROM some/image:1.2-slim AS first
WORKDIR /app
ENV A=1 \\
    B="two words"
FROM first
COPY --from=first /app/x ./
COPY a b c/
RUN ["find", "a b", "-name", "*.ts"]
USER 1000:1001
HEALTHCHECK --interval=10s CMD ["check"]
`;
    expect(readDockerfile(text)).toEqual([
      {
        base: "some/image:1.2-slim",
        name: "first",
        steps: [
          { name: "WORKDIR", path: "/app" },
          { name: "ENV", entries: { A: "1", B: "two words" } },
        ],
      },
      {
        base: "first",
        name: null,
        steps: [
          { name: "COPY", from: "first", sources: ["/app/x"], target: "./" },
          { name: "COPY", from: null, sources: ["a", "b"], target: "c/" },
          { name: "RUN", command: ["find", "a b", "-name", "*.ts"] },
          { name: "USER", uid: 1000, gid: 1001 },
          { name: "HEALTHCHECK", command: ["check"] },
        ],
      },
    ]);
  });

  test.each([
    ["ADD a b", "ADD is not known here"],
    ["ARG SECRET", "ARG is not known here"],
    ["RUN bun install && rm -r x", "RUN wants its command as a JSON array"],
    ["RUN <<END\nbun install\nEND", "RUN wants its command as a JSON array"],
    ['RUN --mount=type=cache,target=/x ["bun"]', "RUN has the flag --mount"],
    ["ENTRYPOINT bun infra/host/main.ts", "ENTRYPOINT wants its command as a JSON array"],
    ["COPY --chown=1000:1000 a b", "COPY has the flag --chown"],
    ["COPY $FOLDER b", "COPY has a variable"],
    ["USER bun", "USER wants numbers, `uid:gid`"],
    ["HEALTHCHECK NONE", "HEALTHCHECK wants CMD"],
    ["FROM --platform=linux/arm64 x", "FROM has the flag --platform"],
  ])("%s is refused", (line, reason) => {
    expect(() => readDockerfile(`FROM x\n${line}\n`)).toThrow(`line 2: ${reason}`);
  });

  test("instructions before the first FROM are refused", () => {
    expect(() => readDockerfile("WORKDIR /app\nFROM x\n")).toThrow("line 1: WORKDIR stands before");
  });

  test("another syntax is refused", () => {
    expect(() => readDockerfile("# syntax=docker/dockerfile:1-labs\nFROM x\n")).toThrow("syntax");
  });
});
