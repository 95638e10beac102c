/** Settings and mappings of version 2 of the index template. Its indices are still written to, searched and audited. */
export const templateVersion2 = {
  settings: { "index.mapping.field_name_length.limit": 400 },
  mappings: {
    date_detection: false,
    dynamic_templates: [
      {
        event_original: {
          path_match: "event.original",
          match_mapping_type: "string",
          mapping: { type: "keyword", index: false, doc_values: false },
        },
      },
      { strings: { match_mapping_type: "string", mapping: { type: "keyword", ignore_above: 1024 } } },
    ],
    properties: {
      "@timestamp": { type: "date" },
      message: {
        type: "text",
        norms: false,
        fields: { keyword: { type: "keyword", ignore_above: 1024 } },
      },
      tags: { type: "keyword", ignore_above: 1024 },
      kafka: {
        properties: {
          topic: { type: "keyword", ignore_above: 1024 },
          partition: { type: "integer" },
          offset: { type: "long" },
          key: { type: "keyword", ignore_above: 1024 },
          key_base64: { type: "keyword", ignore_above: 1024 },
          headers: { type: "flattened", ignore_above: 1024 },
          value: { type: "flattened", ignore_above: 1024, depth_limit: 20 },
          value_base64: { type: "keyword", index: false, doc_values: false },
        },
      },
    },
  },
};
