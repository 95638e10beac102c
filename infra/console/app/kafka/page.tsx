import { usePlace } from "../state/router.ts";
import { Records } from "./records.tsx";
import { KafkaTopics } from "./topics.tsx";

/** What lies in Kafka: its topics or, with `?topic=`, the records of one. */
export function KafkaPage() {
  const { query } = usePlace();
  const topic = query.get("topic") ?? "";
  return topic === "" ? <KafkaTopics /> : <Records key={topic} topic={topic} />;
}
