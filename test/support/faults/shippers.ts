import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestHost } from "../host.ts";

/** Something that moves one topic into one index, and may be killed and started again. */
export interface Shipper {
  readonly name: string;
  /** Starts a process of it; what it keeps on disk is kept from one start to the next. */
  start(): Promise<ShipperProcess>;
  /** Removes what it kept. */
  forget(): Promise<void>;
}

export interface ShipperProcess {
  readonly pid: number;
  /** Resolves once it is gone. */
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<void>;
}

export interface ShipperPlace {
  readonly broker: string;
  readonly elasticsearchPort: number;
  /** Also the index's name. */
  readonly topic: string;
}

export function penstock({ broker, elasticsearchPort, topic }: ShipperPlace): Shipper {
  return {
    name: "Penstock",
    async start() {
      const host = await startTestHost({
        kafka: { brokers: [broker] },
        elasticsearch: { nodes: [`http://127.0.0.1:${elasticsearchPort}`] },
        deadLetters: { topic: `${topic}.dead` },
        topics: [{ topic, format: "json" }],
      });
      return {
        pid: host.pid,
        async kill(signal) {
          host.signal(signal);
          await host.exited;
          await host[Symbol.asyncDispose]();
        },
      };
    },
    forget: async () => {},
  };
}

/**
 * rsyslog as a careful user sets it up after its manual.
 * - `as documented`: the queue of the action in memory with a file to spill into, saved on shutdown, retried for ever
 *   (rsyslog.com/doc: "reliable forwarding", omelasticsearch's examples with `bulkmode`, `action.resumeRetryCount="-1"`).
 * - `own ids`: besides, no queue between Kafka and Elasticsearch but the main one, and the record's own key as `_id` with
 *   `writeoperation="create"` and `dynbulkid`, so that what is sent again cannot be there twice. imkafka passes on neither
 *   partition nor offset, so this is open only to records that carry a unique key themselves.
 */
export function rsyslog(place: ShipperPlace, variant: "as documented" | "own ids"): Shipper {
  let folder: string | null = null;
  return {
    name: `rsyslog, ${variant}`,
    async start() {
      folder ??= await mkdtemp(join(tmpdir(), "penstock-rsyslog-"));
      const config = join(folder, "rsyslog.conf");
      await writeFile(config, rsyslogConfig(place, variant, folder));
      const child = Bun.spawn(
        ["/usr/sbin/rsyslogd", "-n", "-f", config, "-i", join(folder, "rsyslogd.pid")],
        { stdin: "ignore", stdout: "ignore", stderr: Bun.file(join(folder, "stderr.log")) },
      );
      const killAtExit = (): void => child.kill("SIGKILL");
      process.once("exit", killAtExit);
      return {
        pid: child.pid,
        async kill(signal) {
          child.kill(signal);
          await child.exited;
          process.off("exit", killAtExit);
        },
      };
    },
    async forget() {
      if (folder !== null) await rm(folder, { recursive: true, force: true });
      folder = null;
    },
  };
}

function rsyslogConfig(place: ShipperPlace, variant: "as documented" | "own ids", folder: string): string {
  const { broker, elasticsearchPort, topic } = place;
  const queue =
    variant === "as documented"
      ? `queue.type="LinkedList" queue.filename="elasticsearch" queue.saveOnShutdown="on"
         queue.size="100000" queue.dequeueBatchSize="2000"`
      : `queue.type="Direct"`;
  const ids = variant === "own ids" ? `bulkid="id" dynbulkid="on" writeoperation="create"` : "";
  return `global(workDirectory="${folder}")
module(load="imkafka")
module(load="omelasticsearch")
template(name="document" type="string" string="%msg%")
template(name="id" type="string" string="%msg:R,ERE,1,DFLT:\\"key\\":\\"([^\\"]*)\\"--end%")
main_queue(queue.type="LinkedList" queue.filename="main" queue.saveOnShutdown="on"
           queue.size="100000" queue.dequeueBatchSize="2000")
ruleset(name="ship") {
  action(type="omelasticsearch" server="127.0.0.1" serverport="${elasticsearchPort}"
         searchIndex="${topic}" searchType="" template="document" bulkmode="on" maxbytes="5m" ${ids}
         errorfile="${folder}/errors.json"
         action.resumeRetryCount="-1" action.resumeInterval="1"
         ${queue})
}
input(type="imkafka" topic="${topic}" broker="${broker}" consumergroup="${topic}"
      confParam=["auto.offset.reset=earliest"] ruleset="ship")
`;
}
