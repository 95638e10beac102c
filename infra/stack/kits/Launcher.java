import static org.elasticsearch.plugins.PluginsLoader.createPluginsLoader;
import static org.elasticsearch.plugins.PluginsLoader.loadModulesBundles;
import static org.elasticsearch.plugins.PluginsLoader.loadPluginsBundles;

import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;

/**
 * Boots one Elasticsearch node from its published jars. Arguments: its home, with config/ in it, and the folder of its modules.
 * The distribution's own launcher is not published; this does the same steps without security and entitlements.
 */
public class Launcher {
    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(arguments[0]);
        LogConfigurator.configureESLogging();
        Settings settings = Settings.builder()
            .loadFromPath(home.resolve("config/elasticsearch.yml"))
            .put("path.home", home)
            .build();
        var environment = InternalSettingsPreparer.prepareEnvironment(settings, Map.of(), home.resolve("config"), () -> "local");
        LogConfigurator.setNodeName(Node.NODE_NAME_SETTING.get(environment.settings()));
        LogConfigurator.configure(environment, true);
        var plugins = createPluginsLoader(
            loadModulesBundles(Path.of(arguments[1])), loadPluginsBundles(environment.pluginsDir()), Map.of(), false);
        var node = new Node(environment, plugins);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        // Every thread of the node is a daemon: the process would end with this one.
        new CountDownLatch(1).await();
    }

    private static void close(Node node) {
        try {
            node.close();
        } catch (Exception failure) {
            failure.printStackTrace();
        }
    }
}
