import { duration, formatSize } from "../../text/format.js";
import { comparison } from "../comparison.js";
import type { RoundFigures } from "../figures.js";
import type { Rehearsal } from "../rehearsal.js";
import { isGood, verdict } from "../verdict.js";
import { barChart, escaped, stepChart } from "./chart.js";
import { type Table, measuredText, roundTitle, tablesOf } from "./text.js";

/** The report as one file of HTML, without any script; all of it that comes from the class is text. */
export const htmlReport = (rehearsal: Rehearsal, before: Rehearsal | undefined): string => {
  const { rounds } = rehearsal;
  const title = `Rehearsal of ${rehearsal.class}, ${rehearsal.at.slice(0, 16).replace("T", " ")} UTC`;
  const [first = "", ...others] = verdict(rehearsal);
  const most = Math.max(1, ...rounds.map(({ people }) => people));
  const compared = comparison(rehearsal, before);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
<main>
<h1>${escaped(title)}</h1>
<p class="verdict ${isGood(rehearsal) ? "good" : "bad"}">${escaped(first)}</p>
${others.map((sentence) => `<p>${escaped(sentence)}</p>`).join("\n")}
${compared.length === 0 ? "" : `<pre>${escaped(compared.join("\n"))}</pre>`}
<h2>People with JupyterLab over time</h2>
${stepChart("People with JupyterLab over time", rounds.map(readySeries), most)}
${rounds.map(roundCharts).join("\n")}
${tablesOf(rehearsal).map(tableHtml).join("\n")}
<h2>How it was measured</h2>
${measuredText(rehearsal)
  .map((sentence) => `<p>${escaped(sentence)}</p>`)
  .join("\n")}
</main>
</html>
`;
};

const readySeries = (round: RoundFigures) => ({
  name: roundTitle(round),
  points: round.readyAfter.map((ms, index) => [ms / 1000, index + 1] as const),
});

const roundCharts = (round: RoundFigures): string => {
  const title = `${roundTitle(round)}: p50 (dark) and p95`;
  const times = round.phases.map(({ phase, p50, p95 }) => ({ name: phase, usual: p50, rare: p95 }));
  const { most, limit, machines } = round.memory;
  const memory = [
    { name: "the largest server", usual: most, rare: limit ?? most },
    ...machines.map((each) => ({
      name: each.name,
      usual: each.most,
      rare: each.total ?? each.most,
    })),
  ];
  const memoryTitle = `${roundTitle(round)}: memory at its height (dark), of`;
  return [
    `<h2>${escaped(title)}</h2>`,
    barChart(title, times, duration),
    ...(most === 0
      ? []
      : [
          `<h2>${escaped(memoryTitle)}</h2>`,
          barChart(memoryTitle, memory, (mb) => formatSize(mb * 2 ** 20)),
        ]),
  ].join("\n");
};

const tableHtml = ({ heading, columns, rows }: Table): string => `<table>
<caption>${escaped(heading)}</caption>
<tr>${columns.map((column) => `<th scope="col">${escaped(column)}</th>`).join("")}</tr>
${rows
  .map(
    ([name = "", ...cells]) =>
      `<tr><th scope="row">${escaped(name)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join("")}</tr>`,
  )
  .join("\n")}
</table>`;

const style = `
:root { color-scheme: light dark; --line: light-dark(#777, #999); --a: light-dark(#1f5fa8, #7db3f0); --b: light-dark(#b4540a, #f0a35c) }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 48rem }
.verdict { font-size: 1.4rem; border-left: 0.4rem solid; padding-left: 1rem }
.good { border-color: light-dark(#1a7f37, #57c274) } .bad { border-color: light-dark(#c0262d, #ff7b72) }
h2, caption { font-size: 1.1rem; font-weight: 600; text-align: left; margin: 1.5rem 0 0.5rem }
svg { width: 100%; height: auto; font-size: 12px } svg text { fill: currentColor }
.axis { fill: none; stroke: var(--line) } .line { fill: none; stroke-width: 2 }
.s0 { stroke: var(--a) } .s1 { stroke: var(--b); stroke-dasharray: 6 3 }
svg .t0 { fill: var(--a) } svg .t1 { fill: var(--b) } .usual { fill: var(--a) } .rare { fill: var(--a); opacity: 0.35 }
table { border-collapse: collapse; width: 100%; margin-top: 1.5rem } th, td { padding: 0.2rem 0.6rem; text-align: left }
tr + tr { border-top: 1px solid var(--line) }
`;
