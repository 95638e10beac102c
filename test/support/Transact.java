import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes transactions with Java's own producer: BROKERS TOPIC, then steps in order, each of one producer:
 * NAME:begin, NAME:send:VALUE, NAME:send0:VALUE (its key is four zero bytes), NAME:commit, NAME:abort.
 */
class Transact {
  public static void main(String[] arguments) throws Exception {
    Map<String, KafkaProducer<byte[], String>> producers = new HashMap<>();
    for (int at = 2; at < arguments.length; at++) {
      String[] step = arguments[at].split(":");
      var producer = producers.computeIfAbsent(step[0], name -> open(arguments[0], arguments[1] + "-" + name));
      switch (step[1]) {
        case "begin" -> producer.beginTransaction();
        // Each record is its own batch, and written before the next step.
        case "send" -> producer.send(new ProducerRecord<>(arguments[1], step[2])).get();
        case "send0" -> producer.send(new ProducerRecord<>(arguments[1], new byte[4], step[2])).get();
        case "commit" -> producer.commitTransaction();
        case "abort" -> producer.abortTransaction();
        default -> throw new IllegalArgumentException(arguments[at]);
      }
    }
    for (var producer : producers.values()) producer.close();
  }

  private static KafkaProducer<byte[], String> open(String brokers, String id) {
    Properties settings = new Properties();
    settings.put("bootstrap.servers", brokers);
    settings.put("transactional.id", id);
    settings.put("linger.ms", "0");
    var producer = new KafkaProducer<>(settings, new ByteArraySerializer(), new StringSerializer());
    producer.initTransactions();
    return producer;
  }
}
