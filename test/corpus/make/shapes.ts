// `bun test/corpus/make/shapes.ts`: writes what generators make, into test/corpus/sources. No clock: the same bytes each time.
import { applicationShapes } from "./shapes/applications.ts";
import { cloudShapes } from "./shapes/cloud.ts";
import { frameworkShapes } from "./shapes/frameworks.ts";
import { oddShapes } from "./shapes/odd.ts";
import { platformShapes } from "./shapes/platform.ts";
import { securityShapes } from "./shapes/security.ts";
import { webShapes } from "./shapes/web.ts";
import type { CorpusSource } from "../../../infra/bench/load/material.ts";
import { recordsOf, type Shape } from "./kit.ts";
import { writeSources } from "./write-source.ts";

const shapes: readonly Shape[] = [
  ...cloudShapes,
  ...securityShapes,
  ...platformShapes,
  ...webShapes,
  ...applicationShapes,
  ...frameworkShapes,
  ...oddShapes,
];

const sourceOf = ({ name, format, timestamp, text, groups }: Shape): CorpusSource => ({
  name,
  format: format ?? "json",
  timestamp: timestamp ?? [],
  text: text ?? null,
  groups: groups ?? [],
  origin: "shape",
});

await writeSources(new Map(shapes.map((shape) => [sourceOf(shape), recordsOf(shape)])));
