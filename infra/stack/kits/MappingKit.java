import java.io.Reader;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.charfilter.MappingCharFilter;
import org.apache.lucene.analysis.charfilter.NormalizeCharMap;
import org.apache.lucene.analysis.miscellaneous.TruncateTokenFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceCharFilter;
import org.apache.lucene.analysis.pattern.SimplePatternTokenizer;
import org.apache.lucene.analysis.util.CharTokenizer;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.index.mapper.Mapper;
import org.elasticsearch.index.mapper.TextFieldMapper;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;
import org.elasticsearch.plugins.MapperPlugin;
import org.elasticsearch.plugins.Plugin;

/**
 * What an index template of ours uses of Elasticsearch's unpublished modules: of analysis-common some char filters and
 * tokenizers, with the names and parameters that they have there, of mapper-extras a field type. With the system property
 * `penstock.bare` the server lacks them, as one has that is booted from the published jars alone.
 */
public class MappingKit extends Plugin implements AnalysisPlugin, MapperPlugin {
    private static final boolean BARE = Boolean.getBoolean("penstock.bare");

    /** Plain text without norms or positions: phrases, which the real one looks for in the source, find nothing. */
    @Override
    public Map<String, Mapper.TypeParser> getMappers() {
        return BARE ? Map.of() : Map.of("match_only_text", TextFieldMapper.PARSER);
    }

    @Override
    public Map<String, AnalysisProvider<CharFilterFactory>> getCharFilters() {
        if (BARE) return Map.of();
        return Map.of(
            "mapping", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) -> mapping(name, settings)),
            "pattern_replace", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) -> patternReplace(name, settings)));
    }

    @Override
    public Map<String, AnalysisProvider<TokenizerFactory>> getTokenizers() {
        if (BARE) return Map.of();
        return Map.of(
            "char_group", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) -> charGroup(name, settings)),
            "simple_pattern", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) ->
                TokenizerFactory.newFactory(name, () -> new SimplePatternTokenizer(settings.get("pattern", "")))));
    }

    @Override
    public Map<String, AnalysisProvider<TokenFilterFactory>> getTokenFilters() {
        if (BARE) return Map.of();
        return Map.of("truncate", AnalysisPlugin.requiresAnalysisSettings((index, environment, name, settings) -> {
            int length = settings.getAsInt("length", 10);
            return new TokenFilterFactory() {
                @Override
                public String name() {
                    return name;
                }

                @Override
                public TokenStream create(TokenStream stream) {
                    return new TruncateTokenFilter(stream, length);
                }
            };
        }));
    }

    private static CharFilterFactory mapping(String name, Settings settings) {
        var builder = new NormalizeCharMap.Builder();
        for (String rule : settings.getAsList("mappings")) {
            int arrow = rule.lastIndexOf("=>");
            if (arrow < 0) throw new IllegalArgumentException("Invalid Mapping Rule : [" + rule + "]");
            builder.add(unescaped(rule.substring(0, arrow).trim()), unescaped(rule.substring(arrow + 2).trim()));
        }
        var map = builder.build();
        return charFilter(name, reader -> new MappingCharFilter(map, reader));
    }

    private static CharFilterFactory patternReplace(String name, Settings settings) {
        var pattern = Pattern.compile(settings.get("pattern"));
        var replacement = settings.get("replacement", "");
        return charFilter(name, reader -> new PatternReplaceCharFilter(pattern, replacement, reader));
    }

    private static CharFilterFactory charFilter(String name, UnaryOperator<Reader> create) {
        return new CharFilterFactory() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Reader create(Reader reader) {
                return create.apply(reader);
            }
        };
    }

    private static TokenizerFactory charGroup(String name, Settings settings) {
        var single = new ArrayList<Integer>();
        var groups = new ArrayList<String>();
        for (String entry : settings.getAsList("tokenize_on_chars")) {
            String text = unescaped(entry);
            if (text.codePointCount(0, text.length()) == 1) single.add(text.codePointAt(0));
            else groups.add(entry);
        }
        int longest = settings.getAsInt("max_token_length", CharTokenizer.DEFAULT_MAX_WORD_LEN);
        return TokenizerFactory.newFactory(name, () -> (Tokenizer) new CharTokenizer(
            org.apache.lucene.util.AttributeFactory.DEFAULT_ATTRIBUTE_FACTORY, longest) {
            @Override
            protected boolean isTokenChar(int c) {
                if (single.contains(c)) return false;
                for (String group : groups) if (isIn(group, c)) return false;
                return true;
            }
        });
    }

    private static boolean isIn(String group, int c) {
        return switch (group) {
            case "letter" -> Character.isLetter(c);
            case "digit" -> Character.isDigit(c);
            case "whitespace" -> Character.isWhitespace(c);
            case "punctuation" -> switch (Character.getType(c)) {
                case Character.START_PUNCTUATION, Character.END_PUNCTUATION, Character.OTHER_PUNCTUATION,
                    Character.CONNECTOR_PUNCTUATION, Character.DASH_PUNCTUATION, Character.INITIAL_QUOTE_PUNCTUATION,
                    Character.FINAL_QUOTE_PUNCTUATION -> true;
                default -> false;
            };
            case "symbol" -> switch (Character.getType(c)) {
                case Character.CURRENCY_SYMBOL, Character.MATH_SYMBOL, Character.OTHER_SYMBOL, Character.MODIFIER_SYMBOL -> true;
                default -> false;
            };
            default -> throw new IllegalArgumentException("Invalid character group [" + group + "]");
        };
    }

    /** A backslash and one of `\ ' n t r b f`, or `\\uXXXX`, stands for a character. */
    private static String unescaped(String text) {
        var result = new StringBuilder();
        for (int at = 0; at < text.length(); at += 1) {
            char c = text.charAt(at);
            if (c != '\\') {
                result.append(c);
                continue;
            }
            at += 1;
            char escaped = text.charAt(at);
            switch (escaped) {
                case 'n' -> result.append('\n');
                case 't' -> result.append('\t');
                case 'r' -> result.append('\r');
                case 'b' -> result.append('\b');
                case 'f' -> result.append('\f');
                case 'u' -> {
                    result.append((char) Integer.parseInt(text.substring(at + 1, at + 5), 16));
                    at += 4;
                }
                default -> result.append(escaped);
            }
        }
        return result.toString();
    }
}
