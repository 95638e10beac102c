import type { Logger } from "../../../rules/base/logger.ts";
import { isObject } from "../../../rules/json/object.ts";
import type { RequestFailure } from "../../../rules/outcomes/bulk-answer.ts";
import type { ExistingTemplate, TemplateRefusals } from "../../../rules/template/index-template.ts";
import {
  isUpToDate,
  streamComponent,
  streamComponentName,
  streamTemplate,
  streamTemplateName,
  streamTemplatePattern,
  type StreamTarget,
} from "../../../rules/template/stream-template.ts";
import { targetKey } from "../../../rules/template/template-target.ts";
import { refusalText } from "../../../rules/template/template-refusal.ts";
import { answeredText } from "../../../rules/outcomes/outcome.ts";
import { errorOf } from "../transport/version.ts";
import { createExistingStreams } from "./existing-streams.ts";
import { lookUpNames } from "./resolved-names.ts";
import { type FittedForm, sendFitted, type SendJson, templateIn } from "./template.ts";

/** Writes the templates of data streams: one component template for all, and an index template for each. */
export interface StreamTemplates {
  /**
   * Makes the templates as declared, and existing streams keep documents for the declared time. Each template has one
   * content, whoever writes it, so hosts need no lock.
   * @returns by key (`targetKey`) the streams that cannot be written to, and why
   * @throws PenstockError `elasticsearch_unavailable` or `elasticsearch_refused`
   */
  ensure(streams: readonly StreamTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
  /** Returns what `ensure` would return, without changing anything. @throws as that */
  tryOut(streams: readonly StreamTarget[], signal: AbortSignal): Promise<TemplateRefusals>;
}

export interface StreamTemplatesDeps {
  readonly control: (signal: AbortSignal) => SendJson;
  readonly form: FittedForm;
  /** The version of the oldest node, such as `8.19.5`. @throws PenstockError */
  readonly oldestVersion: (signal: AbortSignal) => Promise<string>;
  readonly logger?: Logger | undefined;
  readonly monotonicMs?: () => number;
}

/** The master writes one template after the other; more would only wait there. */
const WRITES_AT_ONCE = 4;
/**
 * How long one call writes templates, well within its callers' deadline. Each costs the master a cluster state: 300 took
 * 9 s on two busy cores. The streams that are left are refused, so that all other topics start; they are asked for again.
 */
const WRITING_MS = 5_000;
const tooMany =
  "there are too many new data streams to write all templates at once; this one's turn comes with the next try";
/** The first version whose bulks know `require_data_stream`, without which a stream's name could become a plain index. */
const NEEDED: readonly [major: number, minor: number] = [8, 13];

const componentPath = `/_component_template/${streamComponentName}`;

export function createStreamTemplates(deps: StreamTemplatesDeps): StreamTemplates {
  const { control, form, oldestVersion, logger, monotonicMs = () => performance.now() } = deps;
  const existingStreams = createExistingStreams(logger);

  async function writable(
    streams: readonly StreamTarget[],
    send: SendJson,
    signal: AbortSignal,
    write: (
      open: readonly StreamTarget[],
      refused: Map<string, string>,
      withoutAlias: readonly string[],
    ) => Promise<void>,
  ): Promise<TemplateRefusals> {
    const refused = new Map<string, string>();
    if (streams.length === 0) return refused;
    const version = await oldestVersion(signal);
    if (isOlder(version)) {
      const reason = `data streams need Elasticsearch ${NEEDED.join(".")} or later, and this is ${version}`;
      return new Map(streams.map((stream) => [targetKey(stream), reason]));
    }
    const { taken, withoutAlias } = await lookUpNames(
      send,
      streams.map(({ stream }) => stream),
    );
    const open: StreamTarget[] = [];
    for (const target of streams) {
      const kind = taken.get(target.stream);
      if (kind === undefined) open.push(target);
      else refused.set(targetKey(target), takenText(target.stream, kind));
    }
    if (open.length > 0) await write(open, refused, withoutAlias);
    return refused;
  }

  return {
    ensure(streams, signal) {
      const send = control(signal);
      return writable(streams, send, signal, async (open, refused, withoutAlias) => {
        const failure = await ensureComponent(send, form);
        if (failure !== null) {
          for (const target of open) refused.set(targetKey(target), reasonOf(failure, target));
          return;
        }
        const until = monotonicMs() + WRITING_MS;
        const isLate = (): boolean => monotonicMs() >= until;
        const existing = await readTemplates(send);
        const toWrite = open.filter(
          (target) =>
            !isUpToDate(
              existing.get(streamTemplateName(target.stream)) ?? null,
              streamTemplate(target, form),
            ),
        );
        await eachOf(toWrite, async (target) => {
          if (isLate()) {
            refused.set(targetKey(target), tooMany);
            return;
          }
          const path = `/_index_template/${encodeURIComponent(streamTemplateName(target.stream))}`;
          const refusal = await sendFitted(form, () => send("PUT", path, streamTemplate(target, form)));
          if (refusal !== null) refused.set(targetKey(target), reasonOf(refusal, target));
        });
        await existingStreams.addAlias(send, withoutAlias, isLate);
        await existingStreams.applyRetention(
          send,
          open.filter((target) => !refused.has(targetKey(target))),
          isLate,
        );
      });
    },

    tryOut(streams, signal) {
      const send = control(signal);
      return writable(streams, send, signal, (open, refused) =>
        eachOf(open, async (target) => {
          const name = encodeURIComponent(streamTemplateName(target.stream));
          const refusal = await sendFitted(form, () =>
            send("POST", `/_index_template/_simulate/${name}`, streamTemplate(target, form, true)),
          );
          if (refusal !== null) refused.set(targetKey(target), reasonOf(refusal, target));
        }),
      );
    },
  };
}

/** @returns why the component cannot be written; null if it is there */
async function ensureComponent(send: SendJson, form: FittedForm): Promise<RequestFailure | null> {
  const answer = await send("GET", componentPath);
  const isAbsent = "failure" in answer && answer.failure.kind === "response" && answer.failure.status === 404;
  if ("failure" in answer && !isAbsent) throw errorOf(answer.failure);
  const stored = "failure" in answer ? null : templateIn(answer.body, "component");
  if (stored !== null && isUpToDate(stampOf(stored), streamComponent(form))) return null;
  return sendFitted(form, () => send("PUT", componentPath, streamComponent(form)));
}

type Stamp = Pick<ExistingTemplate, "version" | "form">;

/** @returns by name; none if there are no templates of ours */
async function readTemplates(send: SendJson): Promise<ReadonlyMap<string, Stamp>> {
  const wanted = ["name", "index_template.version", "index_template._meta.form"];
  const filter = wanted.map((member) => `index_templates.${member}`).join(",");
  const answer = await send("GET", `/_index_template/${streamTemplatePattern}?filter_path=${filter}`);
  if ("failure" in answer) {
    // For a pattern without a match, Elasticsearch answers an empty list, and other servers a 404.
    if (answer.failure.kind === "response" && answer.failure.status === 404) return new Map();
    throw errorOf(answer.failure);
  }
  const list: unknown = isObject(answer.body) ? answer.body["index_templates"] : null;
  return new Map(
    (Array.isArray(list) ? list : []).flatMap((entry: unknown): [string, Stamp][] => {
      if (!isObject(entry)) return [];
      const { name, index_template: template } = entry;
      return typeof name === "string" && isObject(template) ? [[name, stampOf(template)]] : [];
    }),
  );
}

function stampOf({ version, _meta: meta }: Readonly<Record<string, unknown>>): Stamp {
  const form = isObject(meta) ? meta["form"] : null;
  return {
    version: typeof version === "number" ? version : 0,
    form: typeof form === "string" ? form : "",
  };
}

/** @throws PenstockError unless Elasticsearch refused the content, which concerns this stream only */
function reasonOf(failure: RequestFailure, { stream }: StreamTarget): string {
  if (failure.kind !== "response" || failure.status !== 400) throw errorOf(failure);
  const { status, error } = failure;
  return error === null ? answeredText(status, error) : refusalText(status, error, stream);
}

function takenText(stream: string, kind: "index" | "alias"): string {
  const what = kind === "index" ? "an index" : "an alias";
  return `there is ${what} named "${stream}", so no data stream can have this name`;
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1]);
}

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: WRITES_AT_ONCE }, worker));
}
