import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RsyslogSetup, startRsyslog } from "../../../infra/bench/rsyslog.ts";
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

export function rsyslog(place: ShipperPlace, variant: RsyslogSetup["variant"]): Shipper {
  const { topic } = place;
  let folder: string | null = null;
  return {
    name: `rsyslog, ${variant}`,
    async start() {
      folder ??= await mkdtemp(join(tmpdir(), "penstock-rsyslog-"));
      return startRsyslog({ ...place, consumerGroup: topic, index: topic, format: "json", variant }, folder);
    },
    async forget() {
      if (folder !== null) await rm(folder, { recursive: true, force: true });
      folder = null;
    },
  };
}
