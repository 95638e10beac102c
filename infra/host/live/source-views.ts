import type { ReconcileResult } from "../../../functions/reconcile-topics.ts";
import type { EtcdSettings } from "../../../lib/rules/model/settings.ts";
import type { SourceView } from "../../api/live-messages.ts";
import type { Reporter } from "../observe/reporter.ts";

/** The state of each source of declarations, for the console. */
export function sourceViews(
  configPath: string,
  etcd: EtcdSettings | null,
  reconciled: Pick<ReconcileResult, "sources"> | null,
  lastSuccess: Reporter["lastSuccess"],
): SourceView[] {
  const unread = { ok: null, error: null, declarations: 0 };
  const config = reconciled?.sources.config ?? unread;
  const views: SourceView[] = [
    { kind: "config", name: configPath, ...config, lastSuccess: lastSuccess("config"), revision: null },
  ];
  if (etcd !== null) {
    const read = reconciled?.sources.etcd ?? { ...unread, revision: null };
    views.push({ kind: "etcd", name: etcd.keys.join(", "), ...read, lastSuccess: lastSuccess("etcd") });
  }
  return views;
}
