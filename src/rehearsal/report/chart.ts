/** A line of a chart: points by x, drawn as steps. */
export type Series = { name: string; points: readonly (readonly [number, number])[] };

/** A bar of a chart: what is usual (p50) and what is rare (p95), in one unit. */
export type Bar = { name: string; usual: number; rare: number };

const width = 640;
const left = 180;
const height = 200;
const margin = 36;
const rowHeight = 26;

/** Text in HTML and SVG, from anywhere. */
export const escaped = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** Steps over time, as SVG: x in seconds, y a count up to `most`. */
export const stepChart = (title: string, series: readonly Series[], most: number): string => {
  const lastX = Math.max(1, ...series.flatMap(({ points }) => points.map(([x]) => x)));
  const x = (value: number): string => (margin + ((width - 2 * margin) * value) / lastX).toFixed(1);
  const y = (value: number): string =>
    (height - margin - ((height - 2 * margin) * value) / Math.max(1, most)).toFixed(1);
  const lines = series.map(({ points }, index) => {
    const steps = points.map(([at, value]) => `H${x(at)}V${y(value)}`).join("");
    return `<path class="line s${index}" d="M${x(0)} ${y(0)}${steps}H${x(lastX)}"/>`;
  });
  const names = series.map(
    ({ name }, index) =>
      `<text class="t${index}" x="${margin + 8 + 260 * index}" y="16">${escaped(name)}</text>`,
  );
  return svg(title, height, [
    `<path class="axis" d="M${margin} ${margin}V${height - margin}H${width - margin}"/>`,
    `<text x="${margin - 6}" y="${margin + 4}" text-anchor="end">${most}</text>`,
    `<text x="${margin - 6}" y="${height - margin}" text-anchor="end">0</text>`,
    `<text x="${width - margin}" y="${height - 12}" text-anchor="end">${Math.round(lastX)} s</text>`,
    ...lines,
    ...names,
  ]);
};

/** Bars with two lengths each, as SVG; `unit` writes a value. */
export const barChart = (
  title: string,
  bars: readonly Bar[],
  unit: (value: number) => string,
): string => {
  const most = Math.max(1, ...bars.map(({ usual, rare }) => Math.max(usual, rare)));
  const length = (value: number): string => (((width - left - 90) * value) / most).toFixed(1);
  const rows = bars.map(({ name, usual, rare }, index) => {
    const top = 8 + index * rowHeight;
    return [
      `<text x="${left - 8}" y="${top + 14}" text-anchor="end">${escaped(name)}</text>`,
      `<rect class="rare" x="${left}" y="${top + 2}" width="${length(rare)}" height="16"/>`,
      `<rect class="usual" x="${left}" y="${top + 2}" width="${length(usual)}" height="16"/>`,
      `<text x="${left + Number(length(Math.max(usual, rare))) + 6}" y="${top + 14}">${escaped(unit(rare))}</text>`,
    ].join("");
  });
  return svg(title, 16 + bars.length * rowHeight, rows);
};

const svg = (title: string, size: number, content: readonly string[]): string =>
  `<svg role="img" viewBox="0 0 ${width} ${size}" aria-label="${escaped(title)}">${content.join("")}</svg>`;
