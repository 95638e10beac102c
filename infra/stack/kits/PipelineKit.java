import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.elasticsearch.features.FeatureSpecification;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.ingest.AbstractProcessor;
import org.elasticsearch.ingest.IngestDocument;
import org.elasticsearch.ingest.Processor;
import org.elasticsearch.plugins.IngestPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.script.ScriptException;

/**
 * What of Elasticsearch's unpublished modules tests need: ingest processors that end as its own do, and the failure store
 * of data streams. Each processor acts on the documents whose `message` contains its setting `contains`, on all without it:
 * there are no conditions, since painless is not published either.
 */
public class PipelineKit extends Plugin implements IngestPlugin {
    @Override
    public Map<String, Processor.Factory> getProcessors(Processor.Parameters parameters) {
        Map<String, Processor.Factory> all = new TreeMap<>();
        add(all, "fail", settings -> {
            String message = take(settings, "message");
            return document -> { throw new FailProcessorException(message); };
        });
        // What grok throws where no pattern matches. Its patterns are in a library that is not published.
        add(all, "grokmiss", settings -> document -> {
            String text = document.getFieldValue("message", String.class);
            throw new IllegalArgumentException("Provided Grok expressions do not match field value: [" + text + "]");
        });
        // A runtime error of a script.
        add(all, "scripterror", settings -> document -> {
            throw new ScriptException("runtime error", new NullPointerException("null"), List.of(), "ctx.a.b", "painless");
        });
        add(all, "drop", settings -> document -> null);
        add(all, "reroute", settings -> {
            String destination = take(settings, "destination");
            return document -> {
                document.reroute(destination);
                return document;
            };
        });
        add(all, "set", settings -> {
            String field = take(settings, "field");
            Object value = settings.remove("value");
            return document -> {
                document.setFieldValue(field, value);
                return document;
            };
        });
        add(all, "remove", settings -> {
            String field = take(settings, "field");
            return document -> {
                document.removeField(field);
                return document;
            };
        });
        return all;
    }

    /** As the one of ingest-common: Elasticsearch answers 500 to a plain RuntimeException. */
    static class FailProcessorException extends RuntimeException {
        FailProcessorException(String message) {
            super(message);
        }
    }

    private interface Act {
        IngestDocument on(IngestDocument document) throws Exception;
    }

    private interface Maker {
        Act make(Map<String, Object> settings);
    }

    /** The factory has one parameter more since 9.1; what we need of them stands at the same places. */
    private static void add(Map<String, Processor.Factory> all, String type, Maker maker) {
        InvocationHandler create = (proxy, method, arguments) -> {
            if (!method.getName().equals("create")) throw new UnsupportedOperationException(method.getName());
            @SuppressWarnings("unchecked")
            var settings = (Map<String, Object>) arguments[3];
            String contains = take(settings, "contains");
            Act act = maker.make(settings);
            return new AbstractProcessor((String) arguments[1], (String) arguments[2]) {
                @Override
                public String getType() {
                    return type;
                }

                @Override
                public IngestDocument execute(IngestDocument document) throws Exception {
                    boolean concerned = contains == null
                        || String.valueOf(document.getFieldValue("message", Object.class, true)).contains(contains);
                    return concerned ? act.on(document) : document;
                }
            };
        };
        Class<?>[] types = {Processor.Factory.class};
        all.put(type, (Processor.Factory) Proxy.newProxyInstance(PipelineKit.class.getClassLoader(), types, create));
    }

    private static String take(Map<String, Object> settings, String name) {
        return (String) settings.remove(name);
    }

    public static class Features implements FeatureSpecification {
        @Override
        public Set<NodeFeature> getFeatures() {
            return Set.of(new NodeFeature("data_stream.failure_store"));
        }
    }
}
