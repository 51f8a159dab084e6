import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Chart, Series } from './scenarios/scenario';

/** Charts as SVG. Their colours follow the reader's light or dark colour scheme. */

const WIDTH = 760;
const HEIGHT = 420;
const PLOT = { left: 72, right: WIDTH - 150, top: 48, bottom: HEIGHT - 56 };
const LABEL_GAP = 15;

/** One colour for each line. */
const LIGHT = ['#0550ae', '#bc4c00', '#1a7f37', '#8250df', '#cf222e', '#57606a'];
const DARK = ['#79c0ff', '#ffa657', '#7ee787', '#d2a8ff', '#ff7b72', '#b1bac4'];

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #59636e; }
  .title { font-size: 15px; font-weight: 600; fill: #1f2328; }
  .back { fill: #ffffff; }
  .grid { stroke: #d1d9e0; stroke-width: 1; }
  .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
  ${coloursOf(LIGHT)}
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1; }
    .title { fill: #f0f6fc; }
    .back { fill: #0d1117; }
    .grid { stroke: #3d444d; }
    ${coloursOf(DARK)}
  }`;

function coloursOf(colours: readonly string[]): string {
  return colours
    .map((colour, index) => `.fill${index} { fill: ${colour}; } .stroke${index} { stroke: ${colour}; }`)
    .join(' ');
}

/** Writes each chart into the folder, and creates the folder when it is missing. */
export async function writeCharts(folder: string, charts: readonly Chart[]): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    charts.map(async (chart) => {
      const path = join(folder, chart.file);
      await writeFile(path, drawChart(chart));
      return path;
    }),
  );
}

/** Draws one chart. Its horizontal axis is logarithmic. */
function drawChart(chart: Chart): string {
  const points = chart.series.flatMap(({ points: each }) => each);
  const xs = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const xAt = logScale(xs[0] ?? 1, xs.at(-1) ?? 1, PLOT.left, PLOT.right);
  const ys = points.map(([, y]) => y).filter((y) => y > 0);
  const { ticks, at: yAt } = chart.logarithmicY === true ? logAxis(ys) : linearAxis(ys);
  const grid = ticks.map(
    (y) =>
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(yAt(y))}" y2="${round(yAt(y))}"/>` +
      text(PLOT.left - 8, yAt(y) + 4, label(y), 'text-anchor="end"'),
  );
  const middle = (PLOT.left + PLOT.right) / 2;
  const height = (PLOT.top + PLOT.bottom) / 2;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">`,
    `<title>${escape(chart.title)}</title>`,
    `<style>${STYLE}</style>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" class="back"/>`,
    text(PLOT.left, 26, chart.title, 'class="title"'),
    ...grid,
    ...xs.map((x) => text(xAt(x), PLOT.bottom + 20, label(x), 'text-anchor="middle"')),
    text(middle, HEIGHT - 14, chart.x, 'text-anchor="middle"'),
    text(0, 0, chart.y, `text-anchor="middle" transform="translate(18 ${height}) rotate(-90)"`),
    ...chart.series.map((series, index) => drawLine(series, index, xAt, yAt)),
    ...drawLabels(chart.series, yAt),
    '</svg>',
    '',
  ].join('\n');
}

type Scale = (value: number) => number;

function drawLine({ points }: Series, index: number, xAt: Scale, yAt: Scale): string {
  const colour = index % LIGHT.length;
  const places = points.map(([x, y]) => [round(xAt(x)), round(yAt(y))] as const);
  const dots = places.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" class="fill${colour}"/>`);
  return `<polyline class="line stroke${colour}" points="${places.map((place) => place.join()).join(' ')}"/>${dots.join('')}`;
}

/** Each name is placed at the end of its line. Names that would overlap are moved apart. */
function drawLabels(series: readonly Series[], yAt: Scale): string[] {
  const labels = series
    .map(({ name, points }, index) => ({ name, index, y: yAt(points.at(-1)?.[1] ?? 0) + 4 }))
    .sort((a, b) => a.y - b.y);
  let last = -Infinity;
  for (const each of labels) last = each.y = Math.max(each.y, last + LABEL_GAP);
  return labels.map(({ name, index, y }) =>
    text(PLOT.right + 10, y, name, `class="fill${index % LIGHT.length}"`),
  );
}

interface Axis {
  readonly ticks: readonly number[];
  readonly at: Scale;
}

function linearAxis(values: readonly number[]): Axis {
  const max = Math.max(...values, 1e-9);
  const magnitude = 10 ** Math.floor(Math.log10(max));
  const step = [0.2, 0.5, 1, 2].map((each) => each * magnitude).find((each) => max / each <= 6) ?? max;
  const top = Math.ceil(max / step) * step;
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step);
  return { ticks, at: (value) => PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top) };
}

function logAxis(values: readonly number[]): Axis {
  const from = Math.floor(Math.log10(Math.min(...values, 1e9)));
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...values, 1e-9))));
  const ticks = Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index));
  const scale = logScale(10 ** from, 10 ** to, PLOT.bottom, PLOT.top);
  return { ticks, at: (value) => scale(Math.max(value, 10 ** from)) };
}

function logScale(min: number, max: number, from: number, to: number): Scale {
  const width = Math.log(max / min) || 1;
  return (value) => from + (Math.log(value / min) / width) * (to - from);
}

function text(x: number, y: number, content: string, attributes: string): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escape(content)}</text>`;
}

function label(value: number): string {
  const rounded = Number.isInteger(value) ? value : Number(value.toPrecision(3));
  return rounded.toLocaleString('en');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
