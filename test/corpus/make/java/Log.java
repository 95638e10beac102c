import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import net.logstash.logback.argument.StructuredArguments;
import net.logstash.logback.encoder.LogstashEncoder;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.ThreadContext;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.logging.log4j.message.StringMapMessage;

/** java -cp 'jars/*' Log.java LOGGER < events > records: logs the events; a record separator (1E) after each call. */
public class Log {
    static final ObjectMapper JSON = new ObjectMapper();

    interface Call {
        void log(JsonNode event, int n) throws Exception;
    }

    /** As it comes out of a real call: with a stack, and a cause where there is one. */
    static RuntimeException thrown(JsonNode error) {
        try {
            try {
                if (!error.get("cause").isNull()) throw new java.io.IOException(error.get("cause").asText());
            } catch (java.io.IOException cause) {
                throw new IllegalStateException(error.get("message").asText(), cause);
            }
            throw new IllegalStateException(error.get("message").asText());
        } catch (IllegalStateException exception) {
            return exception;
        }
    }

    static Map<String, Object> fields(JsonNode event) {
        return JSON.convertValue(event.get("fields"), new com.fasterxml.jackson.core.type.TypeReference<HashMap<String, Object>>() {});
    }

    static Call log4j(String layout) throws Exception {
        Path file = Files.createTempFile("log4j2", ".xml");
        Files.writeString(file, "<Configuration status='ERROR'><Appenders><Console name='out'>" + layout
            + "</Console></Appenders><Loggers><Root level='DEBUG'><AppenderRef ref='out'/></Root></Loggers></Configuration>");
        Configurator.initialize("shop", file.toString());
        return (event, n) -> {
            fields(event).forEach((name, value) -> ThreadContext.put(name, String.valueOf(value)));
            ThreadContext.push(n % 2 == 0 ? "checkout" : "batch");
            var logger = LogManager.getLogger(event.get("logger").asText());
            var level = org.apache.logging.log4j.Level.toLevel(event.get("level").asText());
            if (!event.get("error").isNull()) logger.log(level, event.get("message").asText(), thrown(event.get("error")));
            else if (n % 4 == 0) logger.log(level, new StringMapMessage().with("message", event.get("message").asText()).with("attempt", n));
            else logger.log(level, event.get("message").asText());
            ThreadContext.clearAll();
        };
    }

    static Call template(String name) throws Exception {
        return log4j("<JsonTemplateLayout eventTemplateUri='classpath:" + name + "'/>");
    }

    static Call logback(LoggerContext context, Encoder<ILoggingEvent> encoder) {
        encoder.setContext(context);
        encoder.start();
        var appender = new ConsoleAppender<ILoggingEvent>();
        appender.setContext(context);
        appender.setEncoder(encoder);
        appender.start();
        var root = context.getLogger("ROOT");
        root.detachAndStopAllAppenders();
        root.addAppender(appender);
        context.setMDCAdapter(new ch.qos.logback.classic.util.LogbackMDCAdapter());
        context.start();
        return (event, n) -> {
            var logger = context.getLogger(event.get("logger").asText());
            var level = org.slf4j.event.Level.valueOf(event.get("level").asText().toUpperCase());
            var line = logger.atLevel(level).addArgument(StructuredArguments.entries(fields(event)));
            if (!event.get("error").isNull()) line = line.setCause(thrown(event.get("error")));
            line.log(event.get("message").asText());
        };
    }

    static Call pattern(String pattern) {
        var encoder = new PatternLayoutEncoder();
        encoder.setPattern(pattern);
        return logback(new LoggerContext(), encoder);
    }

    static Call callOf(String name) throws Exception {
        return switch (name) {
            case "log4j2-ecs" -> template("EcsLayout.json");
            case "log4j2-gelf" -> template("GelfLayout.json");
            case "log4j2-json" -> template("JsonLayout.json");
            case "log4j2-logstash" -> template("LogstashJsonEventLayoutV1.json");
            case "log4j2-pattern" -> log4j("<PatternLayout pattern='%d{ISO8601} [%t] %-5level %c{1.} - %msg %X%n'/>");
            case "logback-pattern" -> pattern("%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger{36} -%kvp- %msg%n");
            case "logback-spring" -> pattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %highlight(%5p) 4711 --- [%15.15t] %cyan(%-40.40logger{39}) : %m%n%ex");
            case "logstash-encoder" -> logback(new LoggerContext(), new LogstashEncoder());
            default -> throw new IllegalArgumentException(name);
        };
    }

    public static void main(String[] arguments) throws Exception {
        var call = callOf(arguments[0]);
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        int n = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            call.log(JSON.readTree(line), n);
            System.out.print("\u001e");
            System.out.flush();
            n += 1;
        }
    }
}
