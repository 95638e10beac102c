import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** A consumer of Kafka's newer protocol (KIP-848): BROKERS GROUP TOPIC. Prints its number of partitions when it changes; ends with its input. */
class Member {
  public static void main(String[] arguments) throws Exception {
    var settings = Map.<String, Object>of(
        "bootstrap.servers", arguments[0], "group.id", arguments[1], "group.protocol", "consumer", "client.id", "other-app");
    var bytes = new ByteArrayDeserializer();
    try (var consumer = new KafkaConsumer<>(settings, bytes, bytes)) {
      consumer.subscribe(List.of(arguments[2]));
      for (int held = -1; System.in.available() == 0; ) {
        consumer.poll(Duration.ofMillis(100));
        int now = consumer.assignment().size();
        if (now != held) System.out.println(held = now);
      }
    }
  }
}
