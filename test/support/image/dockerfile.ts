import {
  DockerfileParser,
  type Instruction,
  ModifiableInstruction,
  PropertyInstruction,
} from "dockerfile-ast";
import { z } from "zod";

/** One instruction of a Dockerfile, as far as this project uses it. */
export type Step =
  | { readonly name: "WORKDIR"; readonly path: string }
  /** `from` is the name of an earlier stage, null for the build context. */
  | {
      readonly name: "COPY";
      readonly from: string | null;
      readonly sources: readonly string[];
      readonly target: string;
    }
  | { readonly name: "RUN" | "ENTRYPOINT" | "CMD" | "HEALTHCHECK"; readonly command: readonly string[] }
  | { readonly name: "LABEL" | "ENV"; readonly entries: Readonly<Record<string, string>> }
  | { readonly name: "USER"; readonly uid: number; readonly gid: number }
  | { readonly name: "EXPOSE"; readonly port: number };

export interface Stage {
  /** An image, or an earlier stage. */
  readonly base: string;
  readonly name: string | null;
  readonly steps: readonly Step[];
}

/**
 * Reads a Dockerfile, strictly: what it returns can be replayed without a shell and means the same to Docker.
 * @throws Error with the line, for any unknown instruction, flag or form
 */
export function readDockerfile(text: string): Stage[] {
  const stages: { base: string; name: string | null; steps: Step[] }[] = [];
  const dockerfile = DockerfileParser.parse(text);
  const directives = dockerfile.getDirectives().map((directive) => directive.getName());
  if (directives.length > 0) throw new Error(`has the directive ${directives.join(", ")}`);
  for (const instruction of dockerfile.getInstructions()) {
    try {
      const words = wordsOf(instruction);
      if (instruction.getKeyword() === "FROM") {
        const [base = "", as, name = null, ...rest] = words;
        if (rest.length > 0 || (as !== undefined && as !== "AS"))
          throw new Error("wants `FROM base AS name`");
        stages.push({ base, name, steps: [] });
      } else {
        const stage = stages.at(-1);
        if (stage === undefined) throw new Error("stands before the first FROM");
        stage.steps.push(stepOf(instruction, words));
      }
    } catch (error) {
      const line = instruction.getRange().start.line + 1;
      throw new Error(`line ${line}: ${instruction.getKeyword()} ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
  return stages;
}

/** Flags that are supported, or that change nothing inside. */
const KNOWN_FLAGS: Readonly<Record<string, readonly string[]>> = {
  COPY: ["from"],
  HEALTHCHECK: ["interval", "timeout", "start-period", "retries"],
};

function wordsOf(instruction: Instruction): string[] {
  for (const name of flagsOf(instruction).keys()) {
    if (KNOWN_FLAGS[instruction.getKeyword()]?.includes(name) !== true)
      throw new Error(`has the flag --${name}`);
  }
  if (instruction.getVariables().length > 0) throw new Error("has a variable");
  return instruction.getArguments().map((argument) => argument.getValue());
}

function stepOf(instruction: Instruction, words: readonly string[]): Step {
  const name = instruction.getKeyword();
  const [first = ""] = words;
  switch (name) {
    case "WORKDIR":
      return { name, path: z.string().startsWith("/").parse(first) };
    case "COPY":
      return {
        name,
        from: flagsOf(instruction).get("from") ?? null,
        sources: words.slice(0, -1),
        target: words.at(-1) ?? "",
      };
    case "RUN":
    case "ENTRYPOINT":
    case "CMD":
      return { name, command: commandOf(words) };
    case "HEALTHCHECK":
      if (first !== "CMD") throw new Error("wants CMD");
      return { name, command: commandOf(words.slice(1)) };
    case "LABEL":
    case "ENV": {
      const properties = instruction instanceof PropertyInstruction ? instruction.getProperties() : [];
      return {
        name,
        entries: Object.fromEntries(
          properties.map((property) => [property.getName(), property.getValue() ?? ""]),
        ),
      };
    }
    case "USER": {
      const [, uid, gid] = /^(\d+):(\d+)$/.exec(first) ?? [];
      if (uid === undefined) throw new Error("wants numbers, `uid:gid`");
      return { name, uid: Number(uid), gid: Number(gid) };
    }
    case "EXPOSE":
      return { name, port: z.coerce.number().int().parse(first) };
    default:
      throw new Error("is not known here");
  }
}

function flagsOf(instruction: Instruction): Map<string, string> {
  const flags = instruction instanceof ModifiableInstruction ? instruction.getFlags() : [];
  return new Map(flags.map((flag) => [flag.getName(), flag.getValue() ?? ""]));
}

/** @throws Error for the form that needs a shell: there may be none in the image */
function commandOf(words: readonly string[]): readonly string[] {
  if (!words[0]?.startsWith("[")) throw new Error("wants its command as a JSON array");
  return z
    .array(z.string())
    .min(1)
    .parse(JSON.parse(words.join(" ")));
}
