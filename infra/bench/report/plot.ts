import { median } from "../kit/median.ts";
import {
  aimText,
  boundOf,
  figuresOf,
  isMet,
  type Measurement,
  numberText,
  OURS,
  type SceneResult,
} from "../kit/measurement.ts";

const WIDTH = 900;
const LABEL_WIDTH = 250;
const BAR_WIDTH = 430;
const ROW = 20;
const GAP = 14;

const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .scene { font-weight: 600; font-size: 16px }
  .quiet { fill: #59636e }
  .bar { fill: #8c959f } .ours { fill: #0969da } .missed { fill: #bc4c00 }
  .aim { stroke: #1f2328; stroke-width: 2; stroke-dasharray: 3 2 }
  .paper { fill: #ffffff }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .aim { stroke: #f0f6fc } .paper { fill: #0d1117 }
    .ours { fill: #4493f8 } .missed { fill: #f0883e }
  }`;

/** All medians as bars in an SVG. Each figure has its own scale, from 0; the aim is a dashed line. */
export function plotOf(results: readonly SceneResult[]): string {
  const parts: string[] = [];
  let y = 10;
  const text = (x: number, content: string, kind = "", anchor = "start"): void => {
    parts.push(
      `<text x="${x}" y="${y + 14}" class="${kind}" text-anchor="${anchor}">${escaped(content)}</text>`,
    );
  };
  for (const { scene, measurements } of results) {
    text(10, scene, "scene");
    y += ROW + 6;
    for (const some of figuresOf(measurements)) {
      const [first] = some;
      if (first === undefined) continue;
      text(
        10,
        `${first.what}: ${first.figure}${first.aim === undefined ? "" : `, aim ${aimText(first.aim)} ${first.unit}`}`,
        "quiet",
      );
      y += ROW;
      const scale =
        BAR_WIDTH /
        Math.max(...some.flatMap((one) => [median(one.values), aimOf(one) ?? 0]), Number.MIN_VALUE);
      const top = y;
      for (const one of some) {
        const length = median(one.values) * scale;
        text(LABEL_WIDTH - 8, one.who, "", "end");
        const kind =
          isMet(one) === false ? "bar missed" : one.who.split(",")[0] === OURS ? "bar ours" : "bar";
        parts.push(
          `<rect x="${LABEL_WIDTH}" y="${y + 3}" width="${length.toFixed(1)}" height="${ROW - 6}" rx="2" class="${kind}"/>`,
        );
        text(LABEL_WIDTH + BAR_WIDTH + 10, `${numberText(median(one.values))} ${one.unit}`);
        y += ROW;
      }
      const aim = some.map(aimOf).find((value) => value !== undefined);
      if (aim !== undefined) {
        const x = (LABEL_WIDTH + aim * scale).toFixed(1);
        parts.push(`<line x1="${x}" x2="${x}" y1="${top}" y2="${y}" class="aim"/>`);
      }
      y += GAP;
    }
    y += GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img" aria-label="Penstock: medians of the bench">
<style>${STYLE}</style>
<rect class="paper" width="${WIDTH}" height="${y}"/>
${parts.join("\n")}
</svg>
`;
}

function aimOf({ aim }: Measurement): number | undefined {
  return aim && boundOf(aim);
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
