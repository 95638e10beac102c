import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { ingestBatch, type IngestBatchDeps, type IngestBatchInput } from "../../functions/ingest-batch.ts";
import type { BulkAnswer, BulkItem } from "../../lib/rules/bulk-answer.ts";
import type { DeadLetter } from "../../lib/rules/dead-letter.ts";
import { rejection } from "../support/rejection.ts";
import { sourceRecord, specification } from "../support/records.ts";

const created: BulkItem = { status: 201, result: "created", error: null };
const unreadable: BulkItem = {
  status: 400,
  result: null,
  error: { type: "document_parsing_exception", reason: "r" },
};
const rejected400: BulkItem = {
  status: 400,
  result: null,
  error: { type: "illegal_argument_exception", reason: "?" },
};
const busy: BulkItem = {
  status: 429,
  result: null,
  error: { type: "es_rejected_execution_exception", reason: "busy" },
};
const duplicate: BulkItem = {
  status: 409,
  result: null,
  error: { type: "version_conflict_engine_exception", reason: "" },
};
const unavailable: BulkAnswer = { failure: { kind: "response", status: 503, error: null } };
const tooLarge: BulkAnswer = { failure: { kind: "response", status: 413, error: null } };

/** Splits a body into its documents' messages. */
function messagesOf(body: Buffer): string[] {
  const sources = body
    .toString()
    .trimEnd()
    .split("\n")
    .filter((_, at) => at % 2 === 1);
  return sources.map((source) => String(Object(JSON.parse(source)).message));
}

interface World {
  /** The messages of each request, in order. */
  readonly requests: string[][];
  readonly letters: DeadLetter[];
  readonly deps: IngestBatchDeps;
}

function world(answer: (messages: string[]) => BulkAnswer, changes: Partial<IngestBatchDeps> = {}): World {
  const requests: string[][] = [];
  const letters: DeadLetter[] = [];
  const deps: IngestBatchDeps = {
    bulk: async (body) => {
      const messages = messagesOf(body);
      requests.push(messages);
      return answer(messages);
    },
    deadLetters: {
      store: async (stored) => {
        letters.push(...stored);
      },
    },
    now: () => 0,
    signal: new AbortController().signal,
    ...changes,
  };
  return { requests, letters, deps };
}

function input(
  messages: readonly (string | null)[],
  changes: Partial<IngestBatchInput> = {},
): IngestBatchInput {
  return {
    spec: specification(),
    records: messages.map((message, offset) => sourceRecord(message, { offset })),
    attempt: 1,
    limits: { maxDocuments: 3, maxBytes: 1e6 },
    ...changes,
  };
}

function answering(byMessage: Readonly<Record<string, BulkItem>>): (messages: string[]) => BulkAnswer {
  return (messages) => ({ items: messages.map((message) => byMessage[message] ?? created) });
}

describe("outcomes by position", () => {
  test("one of each kind, over several requests", async () => {
    const { deps, letters, requests } = world(answering({ bad: unreadable, twice: duplicate, busy }));
    const result = await ingestBatch(input(["a", null, "bad", "twice", "busy", "b"]), deps);
    expect(result.outcomes).toEqual(["indexed", "skipped", "dead-lettered", "duplicate", null, "indexed"]);
    expect(result.retry?.code).toBe("too_many_requests");
    expect(requests).toEqual([
      ["a", "bad", "twice"],
      ["busy", "b"],
    ]);
    expect(letters.map((letter) => letter.value?.toString())).toEqual(["bad"]);
  });

  test("nothing to send, nothing to retry", async () => {
    const { deps, requests } = world(() => unavailable);
    expect(await ingestBatch(input([null]), deps)).toMatchObject({ outcomes: ["skipped"], retry: null });
    expect(await ingestBatch(input([]), deps)).toMatchObject({ outcomes: [], retry: null });
    expect(requests).toEqual([]);
  });

  test("an impossible timestamp is dead-lettered without being sent", async () => {
    const { deps, letters, requests } = world(answering({}));
    const records = [sourceRecord("m", { timestamp: -1 })];
    expect((await ingestBatch(input([], { records }), deps)).outcomes).toEqual(["dead-lettered"]);
    expect(requests).toEqual([]);
    expect(letters).toHaveLength(1);
  });

  test("the pipeline goes with the request", async () => {
    const pipelines: (string | null)[] = [];
    const { deps } = world(answering({}), {
      bulk: async (_, { pipeline }) => {
        pipelines.push(pipeline);
        return { items: [created] };
      },
    });
    await ingestBatch(input(["a"], { spec: specification({ pipeline: "p" }) }), deps);
    expect(pipelines).toEqual(["p"]);
  });
});

describe("an unknown 400", () => {
  test("is the record's own fault where another was written into the index, and it is refused once more", async () => {
    const { deps } = world(answering({ odd: rejected400 }));
    expect((await ingestBatch(input(["odd", "fine"]), deps)).outcomes).toEqual(["dead-lettered", "indexed"]);
  });

  test("or where an earlier attempt had written one", async () => {
    const { deps } = world(answering({ odd: rejected400, again: duplicate }));
    expect((await ingestBatch(input(["odd", "again"]), deps)).outcomes).toEqual([
      "dead-lettered",
      "duplicate",
    ]);
  });

  test("is retried where none was, or only into another index", async () => {
    const { deps } = world(answering({ odd: rejected400, odder: rejected400 }));
    expect((await ingestBatch(input(["odd", "odder"]), deps)).outcomes).toEqual([null, null]);
    const spec = specification({ index: "app-{yyyy.MM.dd}" });
    const records = [sourceRecord("odd"), sourceRecord("fine", { timestamp: 0 })];
    expect((await ingestBatch(input([], { spec, records }), deps)).outcomes).toEqual([null, "indexed"]);
  });
});

describe("a refusal that may be anybody's", () => {
  const failed: BulkItem = {
    status: 500,
    result: null,
    error: { type: "fail_processor_exception", reason: "no" },
  };
  const missing: BulkItem = {
    status: 400,
    result: null,
    error: { type: "illegal_argument_exception", reason: "pipeline with id [p] does not exist" },
  };
  const way = { index: "app", status: 500, type: "fail_processor_exception" };
  const answers = answering({ fail: failed, odd: rejected400, gone: missing, busy });

  test("is told with what was written, for the attempts to come", async () => {
    const { deps } = world(answers);
    const { evidence } = await ingestBatch(input(["fail", "odd", "gone", "busy"]), deps);
    expect([...evidence.doubts.keys()]).toEqual([0, 1]);
    expect(evidence.doubts.get(0)).toMatchObject(way);
    expect(evidence.written.size).toBe(0);
    const limits = { maxDocuments: 1, maxBytes: 1e6 };
    const next = await ingestBatch(input(["fail", "fine"], { limits }), deps);
    expect(next).toMatchObject({ outcomes: [null, "indexed"], evidence: { written: new Set(["app"]) } });
  });

  test("is the record's own where it was proven by then, and it is refused the same way", async () => {
    const { deps, letters } = world(answers);
    const proven = new Map([0, 1, 2, 3].map((position) => [position, way]));
    const { outcomes } = await ingestBatch(
      input(["fail", "odd", "gone", "fine"].slice(0, 3), { proven }),
      deps,
    );
    expect(outcomes).toEqual(["dead-lettered", null, null]);
    expect(letters).toHaveLength(1);
  });

  test("in company is the record's own; a missing pipeline is nobody's, and for a last chance neither", async () => {
    const { deps } = world(answers);
    expect((await ingestBatch(input(["fail", "gone", "fine"]), deps)).outcomes).toEqual([
      "dead-lettered",
      null,
      "indexed",
    ]);
    const last = await ingestBatch(input(["fail", "odd", "gone"], { lastChance: true }), deps);
    expect(last.outcomes).toEqual(["dead-lettered", "dead-lettered", null]);
  });

  test("in company is nobody's where the pipeline is mended while the bulk goes through it", async () => {
    let answered = 0;
    const { deps, letters, requests } = world((messages) => {
      answered += 1;
      return { items: messages.map((_, at) => (answered === 1 && at < 2 ? failed : created)) };
    });
    const { outcomes, retry } = await ingestBatch(input(["a", "b", "c"]), deps);
    expect({ outcomes, retry, letters }).toEqual({
      outcomes: ["indexed", "indexed", "indexed"],
      retry: null,
      letters: [],
    });
    expect(requests).toEqual([
      ["a", "b", "c"],
      ["a", "b"],
    ]);
  });

  test("behind all that was written is shown by one of those, which goes behind it once more", async () => {
    const { deps, letters, requests } = world(answers);
    const { outcomes } = await ingestBatch(input(["fail", "fine", "fail"]), deps);
    expect(outcomes).toEqual(["dead-lettered", "indexed", "dead-lettered"]);
    expect({ letters: letters.length, requests }).toEqual({
      letters: 2,
      requests: [["fail", "fine", "fail"], ["fail", "fail", "fine"], ["fail"]],
    });
  });

  test("behind all that was written waits where the pipeline has broken since: it refuses the witness too", async () => {
    let answered = 0;
    const { deps, letters, requests } = world((messages) => {
      answered += 1;
      return { items: messages.map((_, at) => (answered === 1 && at === 0 ? created : failed)) };
    });
    const { outcomes, evidence } = await ingestBatch(input(["a", "b", "c"]), deps);
    expect(outcomes).toEqual(["indexed", null, null]);
    expect([...evidence.doubts.keys()]).toEqual([1, 2]);
    expect({ letters, requests }).toEqual({
      letters: [],
      requests: [
        ["a", "b", "c"],
        ["b", "c", "a"],
      ],
    });
  });

  test("whose request with the witness is too large is sent alone: the witness has nothing to tell by itself", async () => {
    const answered = [{ items: [created, failed] }, tooLarge, { items: [unreadable] }];
    const { deps, requests } = world(() => answered.shift() ?? unavailable);
    const { outcomes, retry } = await ingestBatch(input(["fine", "fail"]), deps);
    expect({ outcomes, retry }).toEqual({ outcomes: ["indexed", "dead-lettered"], retry: null });
    expect(requests).toEqual([["fine", "fail"], ["fail", "fine"], ["fail"]]);
  });

  test("in company, and then refused otherwise, is to be tried again", async () => {
    let answered = 0;
    const { deps, requests } = world((messages) => {
      answered += 1;
      return answering({ odd: answered === 1 ? failed : rejected400 })(messages);
    });
    const { outcomes, evidence } = await ingestBatch(input(["odd", "fine"]), deps);
    expect(outcomes).toEqual([null, "indexed"]);
    expect(evidence.doubts.get(0)).toMatchObject({ status: 400 });
    expect(requests).toHaveLength(2);
  });
});

describe("a request that fails as a whole", () => {
  test("ends the attempt: the rest is not sent", async () => {
    const { deps, requests } = world((messages) =>
      messages.includes("d") ? unavailable : answering({})(messages),
    );
    const result = await ingestBatch(input(["a", "b", "c", "d", "e", "f", "g"]), deps);
    expect(result.outcomes).toEqual(["indexed", "indexed", "indexed", null, null, null, null]);
    expect(result.retry?.code).toBe("server_error");
    expect(requests).toHaveLength(2);
  });

  test("with the wrong number of items nothing is known", async () => {
    const { deps } = world(() => ({ items: [created] }));
    expect(await ingestBatch(input(["a", "b"]), deps)).toMatchObject({
      outcomes: [null, null],
      retry: { code: "bad_answer" },
    });
  });

  test("413: halved until only the giant is left, which is dead-lettered", async () => {
    const { deps, letters, requests } = world((messages) =>
      messages.includes("giant") ? tooLarge : answering({})(messages),
    );
    const result = await ingestBatch(
      input(["a", "giant", "b", "c"], { limits: { maxDocuments: 4, maxBytes: 1e6 } }),
      deps,
    );
    expect(result).toMatchObject({
      outcomes: ["indexed", "dead-lettered", "indexed", "indexed"],
      retry: null,
    });
    expect(requests).toEqual([["a", "giant", "b", "c"], ["a", "giant"], ["a"], ["giant"], ["b", "c"]]);
    const headers = letters[0]?.headers.map(({ name, value }) => [name, value?.toString()]);
    expect(headers).toContainEqual(["penstock.error.type", "document_too_large"]);
    expect(headers).toContainEqual(["penstock.status", "413"]);
  });

  test("an answer too long to be read: halved, and the one document that brings it is tried again", async () => {
    const endless: BulkAnswer = { failure: { kind: "answer_too_large", message: "over 9 bytes" } };
    const { deps, letters, requests } = world((messages) =>
      messages.includes("talkative") ? endless : answering({})(messages),
    );
    const limits = { maxDocuments: 4, maxBytes: 1e6 };
    expect(await ingestBatch(input(["a", "b", "c", "talkative"], { limits }), deps)).toMatchObject({
      outcomes: ["indexed", "indexed", "indexed", null],
      retry: { code: "bad_answer", message: "over 9 bytes" },
    });
    expect(requests).toHaveLength(5);
    expect(letters).toEqual([]);
  });
});

describe("dead letters", () => {
  test("count only once they are kept", async () => {
    const { deps } = world(answering({ bad: unreadable }), {
      deadLetters: { store: () => Promise.reject(new Error("no leader")) },
    });
    const result = await ingestBatch(input(["a", "bad"]), deps);
    expect(result.outcomes).toEqual(["indexed", null]);
    expect(result.retry).toMatchObject({
      code: "dead_letter_unavailable",
      message: expect.stringContaining("no leader"),
    });
  });

  test("are stored when a later request fails", async () => {
    const { deps } = world((messages) =>
      messages.includes("d") ? unavailable : answering({ bad: unreadable })(messages),
    );
    const result = await ingestBatch(input(["bad", "b", "c", "d"]), deps);
    expect(result.outcomes).toEqual(["dead-lettered", "indexed", "indexed", null]);
  });
});

describe("an abort", () => {
  test("ends the attempt, and what is known by then is returned", async () => {
    const stopping = new AbortController();
    const { deps } = world(answering({}), {
      signal: stopping.signal,
      bulk: async (body) => {
        stopping.signal.throwIfAborted();
        stopping.abort();
        return { items: messagesOf(body).map(() => created) };
      },
    });
    const result = await ingestBatch(input(["a", "b", "c", "d"]), deps);
    expect(result.outcomes).toEqual(["indexed", "indexed", "indexed", null]);
    expect(result.retry).not.toBeNull();
  });

  test("hides no error of ours", async () => {
    const { deps } = world(answering({}), { bulk: () => Promise.reject(new TypeError("a bug")) });
    expect(await rejection(ingestBatch(input(["a"]), deps))).toMatchObject({ message: "a bug" });
  });
});

/** What Elasticsearch was asked to write: a record by its offset, in one of its forms. */
interface Sent {
  readonly form: "own" | "flattened" | "text";
  readonly offset: number;
  readonly message: string;
  readonly operation: string;
}

function sentOf(body: Buffer): Sent[] {
  const lines = body.toString().trimEnd().split("\n");
  return Array.from({ length: lines.length / 2 }, (_, at) => {
    const [action, source] = lines.slice(2 * at);
    const { message, kafka, tags = [] } = Object(JSON.parse(source ?? ""));
    const form = tags.includes("fields_as_text")
      ? "text"
      : tags.includes("fields_flattened")
        ? "flattened"
        : "own";
    return { form, offset: kafka.offset, message, operation: `${action}\n${source}` };
  });
}

function refusal(reason: string, type = "document_parsing_exception"): BulkItem {
  return { status: 400, result: null, error: { type, reason } };
}

describe("a record that is refused for its shape", () => {
  const spec = specification({ format: "json" });
  const byObject = refusal(
    "object mapping for [err] tried to parse field [err] as object, but found a concrete value",
  );
  const full = refusal(
    "[1:179] failed to parse: Limit of total fields [1000] has been exceeded while adding new fields [1]",
  );
  const other = refusal("[1:9] failed to parse field [message] of type [long] in document with id 'x'");
  const pipelines: BulkItem = {
    status: 500,
    result: null,
    error: { type: "fail_processor_exception", reason: "no" },
  };
  const values = ["a", "odd", "b"].map((message, n) => JSON.stringify({ message, [`new${n}`]: n }));

  /** Refuses the record "odd": its own form, flattened, as text. */
  function index(...answers: readonly BulkItem[]) {
    const sent: Sent[][] = [];
    const given = { own: answers[0], flattened: answers[1], text: answers[2] };
    const made = world(answering({}), {
      bulk: async (body) => {
        const documents = sentOf(body);
        sent.push(documents);
        const items = documents.map(({ form, offset }) =>
          offset === 1 ? (given[form] ?? created) : created,
        );
        return { items };
      },
    });
    const forms = () => sent.map((documents) => documents.map(({ form, offset }) => `${form} ${offset}`));
    return { ...made, sent, forms };
  }
  const reasonsOf = (letters: readonly DeadLetter[]) =>
    letters.map(({ headers }) =>
      headers.find(({ name }) => name === "penstock.error.reason")?.value?.toString(),
    );

  test("is sent again, its fields as one, under the same id, in the same attempt", async () => {
    for (const item of [byObject, full, other]) {
      const { deps, letters, sent, forms } = index(item);
      const { outcomes, retry, gaveWay } = await ingestBatch(input(values, { spec }), deps);
      expect({ outcomes, retry, letters }).toEqual({
        outcomes: ["indexed", "indexed", "indexed"],
        retry: null,
        letters: [],
      });
      expect(forms()).toEqual([["own 0", "own 1", "own 2"], ["flattened 1"]]);
      expect(gaveWay).toEqual(new Map([[1, item === full ? null : item === byObject ? "err" : "message"]]));
      const [before, after] = [sent[0]?.[1], sent[1]?.[0]].map((one) => one?.operation.split("\n") ?? []);
      expect(after?.[0]).toBe(before?.[0] ?? "");
      expect(JSON.parse(after?.[1] ?? "")).toMatchObject({
        message: "odd",
        kafka: { offset: 1, value: { new1: 1 } },
        tags: ["fields_flattened"],
      });
    }
  });

  test("tells the field in the document where the reason names one", async () => {
    const { deps, sent } = index(byObject);
    await ingestBatch(input(values, { spec }), deps);
    expect(JSON.parse(sent[1]?.[0]?.operation.split("\n")[1] ?? "")).toMatchObject({
      kafka: { refused: "err" },
    });
  });

  test("is sent as text where it is refused flattened too", async () => {
    const { deps, letters, sent, forms } = index(
      byObject,
      refusal("strict", "strict_dynamic_mapping_exception"),
    );
    const { outcomes, gaveWay } = await ingestBatch(input(values, { spec }), deps);
    expect(outcomes).toEqual(["indexed", "indexed", "indexed"]);
    expect(letters).toEqual([]);
    expect(forms()).toEqual([["own 0", "own 1", "own 2"], ["flattened 1"], ["text 1"]]);
    expect(sent[2]?.[0]?.message).toBe(values[1] ?? "");
    expect(gaveWay).toEqual(new Map([[1, "err"]]));
  });

  test("is a dead letter where that is refused too, which tells why its own form was", async () => {
    const { deps, letters, forms } = index(byObject, full, other);
    const { outcomes, gaveWay } = await ingestBatch(input(values, { spec, attempt: 3 }), deps);
    expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
    expect(forms()).toHaveLength(3);
    expect(reasonsOf(letters)).toEqual([byObject.error?.reason]);
    expect(letters[0]?.headers).toContainEqual({ name: "penstock.attempts", value: Buffer.from("3") });
    expect(gaveWay.size).toBe(0);
  });

  test("is a dead letter at once where that is declared, and where it is no JSON topic's", async () => {
    for (const declared of [
      specification({ format: "json", rejected: "dead-letter" }),
      specification({ rejected: "flatten" }),
    ]) {
      const { deps, letters, forms } = index(byObject);
      const { outcomes } = await ingestBatch(input(values, { spec: declared }), deps);
      expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
      expect(forms()).toEqual([["own 0", "own 1", "own 2"]]);
      expect(reasonsOf(letters)).toEqual([byObject.error?.reason]);
    }
  });

  test("is sent again as text alone where it is text, and its level may be what was refused", async () => {
    const strict = refusal(
      "[1:9] mapping set to strict, dynamic introduction of [log] within [_doc] is not allowed",
    );
    for (const item of [strict, full]) {
      const { deps, letters, forms } = index(item);
      const { outcomes } = await ingestBatch(input(values, { spec: specification() }), deps);
      expect({ outcomes, letters }).toEqual({ outcomes: ["indexed", "indexed", "indexed"], letters: [] });
      expect(forms()).toEqual([["own 0", "own 1", "own 2"], ["text 1"]]);
    }
  });

  test("is tried again where Elasticsearch is busy with another form", async () => {
    const { deps, letters } = index(byObject, busy);
    const { outcomes, retry, gaveWay } = await ingestBatch(input(values, { spec }), deps);
    expect(outcomes).toEqual(["indexed", null, "indexed"]);
    expect(retry).toMatchObject({ code: "too_many_requests" });
    expect({ letters, gaveWay: gaveWay.size }).toEqual({ letters: [], gaveWay: 0 });
  });

  test("is at fault where a pipeline, which its own form came through, refuses another form", async () => {
    for (const item of [pipelines, rejected400]) {
      const { deps, letters, forms } = index(byObject, item);
      const { outcomes } = await ingestBatch(input(values, { spec }), deps);
      expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
      expect(forms()).toHaveLength(2);
      expect(reasonsOf(letters)).toEqual([byObject.error?.reason]);
    }
  });

  test("is none that a pipeline refuses, a closed index, or a size", async () => {
    const dated = specification({ format: "json", index: "app-{yyyy.MM.dd}" });
    const closed = refusal("closed", "index_closed_exception");
    for (const [item, of] of [
      [pipelines, spec],
      [rejected400, spec],
      [closed, dated],
    ] as const) {
      const { deps, letters, forms } = index(item);
      expect((await ingestBatch(input(values, { spec: of }), deps)).outcomes[1]).toBe("dead-lettered");
      expect(letters).toHaveLength(1);
      expect(
        forms()
          .flat()
          .filter((sent) => !sent.startsWith("own")),
      ).toEqual([]);
    }
  });

  test("is found by halves where the whole request is refused for it, as it is where a pipeline is in use", async () => {
    const whole: BulkAnswer = {
      failure: {
        kind: "response",
        status: 400,
        error: { type: "x_content_parse_exception", reason: "[1:8] Duplicate field 'b'" },
      },
    };
    const forms: string[] = [];
    const { deps, letters } = world(answering({}), {
      bulk: async (body) => {
        const documents = sentOf(body);
        forms.push(...documents.map(({ form, offset }) => `${form} ${offset}`));
        return documents.some(({ form, offset }) => form === "own" && offset === 1)
          ? whole
          : { items: documents.map(() => created) };
      },
    });
    const { outcomes, gaveWay } = await ingestBatch(input(values, { spec }), deps);
    expect({ outcomes, letters }).toEqual({ outcomes: ["indexed", "indexed", "indexed"], letters: [] });
    expect(forms.filter((sent) => !sent.startsWith("own"))).toEqual(["flattened 1"]);
    expect(gaveWay).toEqual(new Map([[1, "b"]]));
  });

  test("for a field of several kinds is sent as it is once more, with what the field is to be mapped as", async () => {
    const kinds = refusal(
      "mapper [n] cannot be changed from type [long] to [keyword]",
      "illegal_argument_exception",
    );
    const sent: string[] = [];
    const { deps, letters } = world(answering({}), {
      bulk: async (body) => {
        const documents = sentOf(body);
        sent.push(...documents.map(({ operation }) => operation));
        return {
          items: documents.map(({ operation, offset }) =>
            offset === 1 && !operation.includes("dynamic_templates")
              ? kinds
              : offset === 2
                ? byObject
                : created,
          ),
        };
      },
    });
    const mixed = ['{"n":1}', '{"n":[1,"a"]}', '{"err":5}'];
    const { outcomes, gaveWay } = await ingestBatch(input(mixed, { spec }), deps);
    expect(outcomes).toEqual(["indexed", "indexed", "dead-lettered"]);
    expect(letters).toHaveLength(1);
    // The record stands in its own form: nothing gave way.
    expect(gaveWay).toEqual(new Map());
    const again = sent.find((operation) => operation.includes("dynamic_templates")) ?? "";
    expect(again).toContain('"dynamic_templates":{"n":"strings"}}}\n');
    expect(again.split("\n")[1]).toBe(sent[1]?.split("\n")[1]);
  });

  test("whose next form is too large to be sent is a dead letter for its own form's reason", async () => {
    // Escaped once more, as a text it is beyond what a document may be; no megabytes are needed where the bulk says so.
    const { deps, letters } = world(answering({}), {
      bulk: async (body) => {
        const documents = sentOf(body);
        return documents.some(({ form }) => form === "flattened")
          ? tooLarge
          : { items: documents.map(({ offset }) => (offset === 1 ? byObject : created)) };
      },
    });
    const { outcomes } = await ingestBatch(input(values, { spec }), deps);
    expect(outcomes).toEqual(["indexed", "dead-lettered", "indexed"]);
    expect(reasonsOf(letters)).toEqual([byObject.error?.reason]);
    expect(letters[0]?.headers).toContainEqual({ name: "penstock.status", value: Buffer.from("400") });
  });
});

function isObjectText(value: unknown): boolean {
  try {
    const parsed: unknown = JSON.parse(String(value));
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  } catch {
    return false;
  }
}

/** Told by the bytes: its own form with the kinds of its fields is another operation. */
function keyOf({ form, offset, operation }: Sent): string {
  return `${form} ${offset} ${operation.includes('"dynamic_templates"')}`;
}

test("a record is sent at most once in each form, in their order, and each form is always the same document", async () => {
  const shape = refusal(
    "mapper [a] cannot be changed from type [long] to [keyword]",
    "illegal_argument_exception",
  );
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.json({ maxDepth: 2 }) },
    fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 })).map((object) => JSON.stringify(object)),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  );
  const item = fc.constantFrom(created, shape, shape, unreadable, busy, duplicate);
  await fc.assert(
    fc.asyncProperty(fc.array(value, { maxLength: 8 }), fc.infiniteStream(item), async (values, items) => {
      const spec = specification({ format: "json", timestamp: ["a", "b"] });
      const first = new Map<number, BulkItem>();
      const documents = new Map<string, string>();
      const sent: Sent[] = [];
      const { deps, letters } = world(answering({}), {
        bulk: async (body) => ({
          items: sentOf(body).map((one) => {
            const answer = items.next().value;
            sent.push(one);
            if (!first.has(one.offset) && answer.error?.type !== undefined) first.set(one.offset, answer);
            return answer;
          }),
        }),
      });
      const records = values.map((each, offset) => sourceRecord(each, { offset }));
      const result = await ingestBatch(input([], { spec, records }), deps);
      for (const offset of records.keys()) {
        const forms = sent.filter((one) => one.offset === offset).map(({ form }) => form);
        // Its own form again, with the kinds of its fields.
        const settles = first.get(offset) === shape;
        const all = ["own", ...(settles ? ["own"] : []), "flattened", "text"] as Sent["form"][];
        expect(forms.length).toBeLessThanOrEqual(all.length);
        // What is no object is the same text in each.
        if (isObjectText(values[offset])) expect(forms).toEqual(all.slice(0, forms.length));
        const way = result.outcomes[offset];
        expect(result.gaveWay.has(offset)).toBe(
          forms.length > (settles ? 2 : 1) && (way === "indexed" || way === "duplicate"),
        );
      }
      const dead = [...records.keys()].filter((at) => result.outcomes[at] === "dead-lettered");
      const buried = letters.map(({ headers }) =>
        Number(headers.find(({ name }) => name === "penstock.offset")?.value?.toString()),
      );
      expect(new Set(buried)).toEqual(new Set(dead));
      for (const one of sent) documents.set(keyOf(one), one.operation);
      // Each alone, refused in every form.
      const again: Sent[] = [];
      const refusing = world(answering({}), {
        bulk: async (body) => {
          const all = sentOf(body);
          again.push(...all);
          return { items: all.map(({ offset }) => first.get(offset) ?? shape) };
        },
      });
      for (const record of records) await ingestBatch(input([], { spec, records: [record] }), refusing.deps);
      for (const one of again) {
        const known = documents.get(keyOf(one));
        if (known !== undefined && isObjectText(values[one.offset])) expect(one.operation).toBe(known);
      }
    }),
  );
});

test("whatever is answered, each record has one outcome, or is retried for a reason", async () => {
  const item = fc.constantFrom(created, unreadable, rejected400, busy, duplicate);
  const spec = fc.constantFrom(specification(), specification({ format: "json" }));
  const answer = fc.oneof(
    fc.infiniteStream(item).map((stream) => (count: number): BulkAnswer => ({
      items: [...stream.take(count)],
    })),
    fc.constantFrom(unavailable, tooLarge, { items: [] }).map((answer) => (): BulkAnswer => answer),
  );
  const value = fc.oneof(
    fc.constant(null),
    fc.uint8Array().map((bytes) => Buffer.from(bytes)),
    fc
      .dictionary(fc.string(), fc.jsonValue({ maxDepth: 1 }))
      .map((object) => Buffer.from(JSON.stringify(object))),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 12 }),
      fc.infiniteStream(answer),
      spec,
      async (values, answers, spec) => {
        const { deps, letters } = world((messages) => answers.next().value(messages.length));
        const records = values.map((value, offset) => sourceRecord(value, { offset }));
        const { outcomes, retry, gaveWay } = await ingestBatch(input([], { records, spec }), deps);
        expect(outcomes).toHaveLength(values.length);
        for (const at of gaveWay.keys()) expect(outcomes[at]).toBeOneOf(["indexed", "duplicate"]);
        expect(retry !== null).toBe(outcomes.includes(null));
        expect(letters).toHaveLength(outcomes.filter((outcome) => outcome === "dead-lettered").length);
        for (const [at, value] of values.entries()) expect(outcomes[at] === "skipped").toBe(value === null);
      },
    ),
  );
});
