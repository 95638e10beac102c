import java.util.Properties;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes records as Java's own producer compresses them: BROKERS COUNT, then TOPIC=CODEC for each topic. */
class Produce {
  public static void main(String[] arguments) throws Exception {
    int count = Integer.parseInt(arguments[1]);
    for (int at = 2; at < arguments.length; at++) {
      String[] topicAndCodec = arguments[at].split("=");
      Properties settings = new Properties();
      settings.put("bootstrap.servers", arguments[0]);
      settings.put("compression.type", topicAndCodec[1]);
      settings.put("linger.ms", "100");
      try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
        Future<RecordMetadata> last = null;
        for (int n = 0; n < count; n++) {
          last = producer.send(new ProducerRecord<>(topicAndCodec[0], "line " + n + " of " + topicAndCodec[1]));
        }
        producer.flush();
        last.get();
      }
    }
  }
}
