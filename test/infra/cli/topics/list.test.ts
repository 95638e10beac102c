import { expect, test } from "bun:test";
import { formatListing, listingAsJson } from "../../../../infra/cli/topics/list.ts";
import { declaration } from "../../../support/declarations.ts";

test("the listing says where documents go, and how long a data stream keeps them", () => {
  const declarations = [
    declaration("plain"),
    declaration("dated", { index: "x-{yyyy.MM.dd}" }),
    declaration("stream", { dataStream: "logs-{topic}-prod" }),
    declaration("kept", { dataStream: "logs-kept-prod", retention: "30d" }),
  ];
  const words = formatListing({ declarations, refusals: [] })
    .split("\n")
    .map((line) => line.replace(/\s{2,}/g, " | "));
  expect(words.map((line) => line.split(" | ").slice(0, -1).join(" | "))).toEqual([
    "plain",
    "dated | → x-{yyyy.MM.dd}",
    "stream | → data stream logs-{topic}-prod",
    "kept | → data stream logs-kept-prod, kept 30d",
    "",
  ]);
});

test("a declaration that another of its name overrides says by which, unless that says the same but for the path", () => {
  const [one, two, three] = ["1", "2", "3"].map((name, at) =>
    declaration("app", at === 2 ? { format: "json" } : { path: `/${name}` }, {
      kind: "etcd",
      name,
      revision: 7,
    }),
  );
  const declarations = [one, two, three].filter((each) => each !== undefined);
  expect(formatListing({ declarations, refusals: [] })).toMatch(
    /"1" .*\n.*"2" .*, as in etcd key "1" .*\n.*"3" .*, overridden by etcd key "1" /,
  );
});

test("a pattern stands with what it excludes", () => {
  const target = { kind: "pattern", pattern: "app-*", exclude: ["app-debug-*", "app-x"] } as const;
  const listing = { declarations: [{ ...declaration("app-*"), target }], refusals: [] };
  expect(formatListing(listing)).toStartWith("pattern app-* but app-debug-*, app-x ");
  expect(JSON.parse(listingAsJson(listing))).toMatchObject({
    topics: [{ pattern: "app-*", exclude: ["app-debug-*", "app-x"] }],
  });
});
