/** Owns plots as SVG: lines over two axes, each linear or logarithmic. The same numbers give the same bytes. */

export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly isLogarithmic?: boolean;
  /** Where lines of the grid stand, with what is written there. */
  readonly ticks: readonly (readonly [at: number, text: string])[];
}

export interface Series {
  readonly name: string;
  /** Any CSS colour. */
  readonly colour: string;
  readonly isDashed?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 70;
const RIGHT = 20;
const TOP = 40;
const BOTTOM = 90;
const LEGEND_STEP = 170;

function placer(axis: Axis, from: number, to: number): (value: number) => number {
  const scale = axis.isLogarithmic === true ? Math.log : (value: number) => value;
  const [low, high] = [scale(axis.from), scale(axis.to)];
  return (value) => {
    const held = Math.min(Math.max(value, axis.from), axis.to);
    return from + ((scale(held) - low) / (high - low)) * (to - from);
  };
}

function text(x: number, y: number, content: string, attributes = ""): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${attributes}>${escaped}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  const ends = [x1, y1, x2, y2].map((value) => value.toFixed(1));
  return `<line x1="${ends[0]}" y1="${ends[1]}" x2="${ends[2]}" y2="${ends[3]}" stroke="${colour}"/>`;
}

export function drawPlot({ title, x, y, series }: Plot): string {
  const placeX = placer(x, LEFT, WIDTH - RIGHT);
  const placeY = placer(y, HEIGHT - BOTTOM, TOP);
  const [right, bottom] = [WIDTH - RIGHT, HEIGHT - BOTTOM];
  const grid = [
    ...x.ticks.flatMap(([at, label]) => [
      line(placeX(at), TOP, placeX(at), bottom, "#ddd"),
      text(placeX(at), bottom + 18, label, 'text-anchor="middle"'),
    ]),
    ...y.ticks.flatMap(([at, label]) => [
      line(LEFT, placeY(at), right, placeY(at), "#ddd"),
      text(LEFT - 8, placeY(at) + 4, label, 'text-anchor="end"'),
    ]),
  ];
  const lines = series.map(({ colour, isDashed, points }) => {
    const path = points.map(([px, py]) => `${placeX(px).toFixed(1)},${placeY(py).toFixed(1)}`).join(" ");
    const dashes = isDashed === true ? ' stroke-dasharray="5 4"' : "";
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"${dashes}/>`;
  });
  const legend = series.flatMap(({ name, colour }, at) => {
    const left = LEFT + at * LEGEND_STEP;
    return [
      line(left, HEIGHT - 18, left + 20, HEIGHT - 18, colour),
      text(left + 26, HEIGHT - 14, name, `fill="${colour}"`),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 24, title, 'font-size="15"'),
    ...grid,
    text((LEFT + right) / 2, bottom + 40, x.label, 'text-anchor="middle"'),
    text(0, 0, y.label, `text-anchor="middle" transform="translate(16 ${(TOP + bottom) / 2}) rotate(-90)"`),
    ...lines,
    ...legend,
    "</svg>",
    "",
  ].join("\n");
}
