import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { untilArrived } from "../load/arrival.ts";
import type { FilledTopic } from "../load/broker.ts";
import type { LineFormat } from "../load/lines.ts";
import type { Run } from "../load/mover.ts";
import { costOf } from "../kit/process-cost.ts";
import type { Target } from "../load/target.ts";

/** Where an rsyslog reads and writes. */
interface RsyslogSetup {
  readonly broker: string;
  readonly topic: string;
  readonly consumerGroup: string;
  readonly elasticsearchPort: number;
  readonly index: string;
  /** `json`: the record is the document. */
  readonly format: LineFormat;
}

interface RsyslogProcess {
  readonly pid: number;
  /** Aborts when it has ended. */
  readonly gone: AbortSignal;
  /** Resolves once it is gone. */
  kill(): Promise<void>;
}

/** Debian's: `apt-get install rsyslog-kafka rsyslog-elasticsearch`. */
export const hasRsyslog = ["imkafka", "omelasticsearch"].every((name) =>
  existsSync(`/usr/lib/x86_64-linux-gnu/rsyslog/${name}.so`),
);

/** @param folder where it keeps its queue */
async function startRsyslog(setup: RsyslogSetup, folder: string): Promise<RsyslogProcess> {
  const config = join(folder, "rsyslog.conf");
  await writeFile(config, configOf(setup, folder));
  const child = Bun.spawn(["/usr/sbin/rsyslogd", "-n", "-f", config, "-i", join(folder, "rsyslogd.pid")], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: Bun.file(join(folder, "stderr.log")),
  });
  const killAtExit = (): void => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const gone = new AbortController();
  void child.exited.then((code) => gone.abort(new Error(`rsyslog exited with ${code}`)));
  return {
    pid: child.pid,
    gone: gone.signal,
    async kill() {
      child.kill("SIGKILL");
      await child.exited;
      process.off("exit", killAtExit);
    },
  };
}

/** It tells nobody what was refused: so long without a document, and it is done. */
const QUIET_MS = 8_000;

/** Moves a filled topic once, with a process and a group of its own; its start is part of what it costs. */
export async function moveByRsyslog(
  { topic, format, records }: FilledTopic,
  {
    broker,
    target,
    index,
    mayRefuse = false,
  }: {
    readonly broker: string;
    readonly target: Target;
    readonly index: string;
    /** True: documents may be refused. */
    readonly mayRefuse?: boolean;
  },
  signal: AbortSignal,
): Promise<Run> {
  const folder = await mkdtemp(join(tmpdir(), "penstock-rsyslog-"));
  const consumerGroup = `rsyslog-${crypto.randomUUID()}`;
  const elasticsearchPort = Number(new URL(target.url).port);
  const setup = { broker, topic, consumerGroup, elasticsearchPort, index, format };
  let rsyslog: RsyslogProcess | null = null;
  try {
    const documentsBefore = await target.documents();
    rsyslog = await startRsyslog(setup, folder);
    const limited = AbortSignal.any([signal, rsyslog.gone]);
    const arrived = await untilArrived(
      target,
      documentsBefore,
      records,
      limited,
      (quietMs) => mayRefuse && quietMs > QUIET_MS,
    );
    const { cpuSeconds, peakRssBytes } = costOf(rsyslog.pid);
    return { ...arrived, records, cpuSeconds, peakRssBytes };
  } finally {
    await rsyslog?.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A document of its own around the line, as its manual's examples have it. */
const TEXT_DOCUMENT = `template(name="document" type="list" option.jsonf="on") {
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="message" name="msg" format="jsonf")
}`;
const JSON_DOCUMENT = `template(name="document" type="string" string="%msg%")`;

/**
 * As a careful user sets it up after its manual: the queue of the action in memory with a file to spill into, saved on
 * shutdown, retried for ever (rsyslog.com/doc: "reliable forwarding", omelasticsearch's examples with `bulkmode`,
 * `action.resumeRetryCount="-1"`).
 */
function configOf(setup: RsyslogSetup, folder: string): string {
  const { broker, topic, consumerGroup, elasticsearchPort, index, format } = setup;
  return `global(workDirectory="${folder}")
module(load="imkafka")
module(load="omelasticsearch")
${format === "text" ? TEXT_DOCUMENT : JSON_DOCUMENT}
main_queue(queue.type="LinkedList" queue.filename="main" queue.saveOnShutdown="on"
           queue.size="100000" queue.dequeueBatchSize="2000")
ruleset(name="ship") {
  action(type="omelasticsearch" server="127.0.0.1" serverport="${elasticsearchPort}"
         searchIndex="${index}" searchType="" template="document" bulkmode="on" maxbytes="5m"
         errorfile="${folder}/errors.json"
         action.resumeRetryCount="-1" action.resumeInterval="1"
         queue.type="LinkedList" queue.filename="elasticsearch" queue.saveOnShutdown="on"
         queue.size="100000" queue.dequeueBatchSize="2000")
}
input(type="imkafka" topic="${topic}" broker="${broker}" consumergroup="${consumerGroup}"
      confParam=["auto.offset.reset=earliest"] ruleset="ship")
`;
}
