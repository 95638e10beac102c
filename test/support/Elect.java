import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.errors.ElectionNotNeededException;

/** Makes the first replica of each partition its leader: BROKERS. */
class Elect {
  public static void main(String[] arguments) throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", arguments[0]))) {
      var refused = admin.electLeaders(ElectionType.PREFERRED, null).partitions().get();
      for (var failure : refused.values())
        if (failure.isPresent() && !(failure.get() instanceof ElectionNotNeededException))
          throw new IllegalStateException(failure.get());
    }
  }
}
