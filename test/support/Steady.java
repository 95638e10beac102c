import java.util.Properties;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Writes numbered records at a steady pace until its input ends: BROKERS PER_SECOND PARTITIONS TOPIC.... Every record is acknowledged by all
 * replicas in sync, once. The number, which counts up by topic, is the key. Prints `TOPIC COUNT` for each topic at the end.
 */
class Steady {
  public static void main(String[] arguments) throws Exception {
    int perSecond = Integer.parseInt(arguments[1]);
    int partitions = Integer.parseInt(arguments[2]);
    int topics = arguments.length - 3;
    var settings = new Properties();
    settings.put("bootstrap.servers", arguments[0]);
    settings.put("acks", "all");
    settings.put("enable.idempotence", "true");
    // Does not wait longer for a silent broker: unanswered records are sent to the next leader.
    settings.put("request.timeout.ms", "5000");
    var failure = new AtomicReference<Exception>();
    long sent = 0;
    try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      var input = Thread.ofPlatform().daemon().start(Steady::readToEnd);
      long startedAt = System.nanoTime();
      while (input.isAlive()) {
        long due = (System.nanoTime() - startedAt) / 1_000 * perSecond / 1_000_000;
        for (; sent < due; sent++) {
          long number = sent / topics;
          var topic = arguments[3 + (int) (sent % topics)];
          var record = new ProducerRecord<>(
              topic, (int) (number % partitions), String.valueOf(number), "record " + number + " of " + topic);
          producer.send(record, (metadata, exception) -> {
            if (exception != null) failure.compareAndSet(null, exception);
          });
        }
        Thread.sleep(20);
      }
    }
    if (failure.get() != null) throw failure.get();
    for (int n = 0; n < topics; n++) System.out.println(arguments[3 + n] + " " + (sent + topics - 1 - n) / topics);
  }

  private static void readToEnd() {
    try {
      while (System.in.read() >= 0) {}
    } catch (java.io.IOException broken) {
      // Also the end.
    }
  }
}
