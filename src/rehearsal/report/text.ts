import { duration, formatSize, plural, printable } from "../../text/format.js";
import type { BrowserVisit } from "../probe.js";
import type { FailureGroup, PhaseFigures, RoundFigures } from "../figures.js";
import type { Rehearsal } from "../rehearsal.js";
import { cellsText, peopleText } from "../words.js";

/** A table: its heading, its columns and its rows; the first column has names, the others figures. */
export type Table = { heading: string; columns: string[]; rows: string[][] };

const phaseNames: Record<PhaseFigures["phase"], string> = {
  login: "login page and login",
  queue: "wait in the queue",
  start: "start of the server",
  JupyterLab: "JupyterLab, its files and requests",
  notebook: "open the notebook with a kernel",
  cell: "one cell",
  save: "save",
  answer: "one request while working",
};

/** The tables of a rehearsal, for the terminal and for the page. */
export const tablesOf = ({ rounds }: Rehearsal): Table[] =>
  rounds.flatMap((round) => [
    timesTable(round),
    ...browserTables(round),
    ...memoryTables(round),
    ...failureTables(round),
  ]);

/** The heading of a round: "40 people within two minutes". */
export const roundTitle = ({ arrival, people }: RoundFigures): string =>
  `${peopleText(people)} ${arrival === "spread" ? "within two minutes" : "all at once"}`;

const timesTable = (round: RoundFigures): Table => ({
  heading: roundTitle(round),
  columns: ["phase", "p50", "p95", "worst", "count"],
  rows: round.phases.map(({ phase, p50, p95, worst, count }) => [
    phaseNames[phase],
    ...[p50, p95, worst].map(timeText),
    String(count),
  ]),
});

/** What one person saw with a real browser, beside the others. */
const browserTables = ({ browser, phases }: RoundFigures): Table[] => {
  if (browser === undefined) return [];
  const shown = (["login", "start", "JupyterLab"] as const).flatMap((phase) => {
    const ms = browser[phase];
    const others = phases.find((each) => each.phase === phase)?.p50;
    return ms === undefined
      ? []
      : [[browserNames[phase], timeText(ms), others === undefined ? "" : timeText(others)]];
  });
  if (shown.length === 0) return [];
  const columns = ["phase", "browser", "others (p50)"];
  return [{ heading: `one of them in a real browser, ${browser.program}`, columns, rows: shown }];
};

const browserNames = {
  login: "login page and login",
  start: "start of the server, and the queue",
  JupyterLab: "JupyterLab, until it can be used",
};

const timeText = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : duration(ms));

const mostPeople = 10;

const memoryTables = ({ memory: { most, limit, people, machines } }: RoundFigures): Table[] => {
  if (most === 0) return [];
  return [
    {
      heading: "memory at its height",
      columns: ["where", "used", "of"],
      rows: [
        ["the largest server", size(most), size(limit)],
        ...machines.map((machine) => [
          printable(machine.name),
          size(machine.most),
          size(machine.total),
        ]),
      ],
    },
    {
      heading: `memory at its height: ${people.length > mostPeople ? `the ${mostPeople} largest of ` : ""}${plural(people.length, "server")}`,
      columns: ["person", "used", "of", "machine"],
      rows: people
        .slice(0, mostPeople)
        .map((each) => [
          printable(each.name),
          size(each.most),
          size(each.limit),
          printable(each.machine ?? ""),
        ]),
    },
  ];
};

const size = (mb: number | undefined): string => (mb === undefined ? "" : formatSize(mb * 2 ** 20));

const failureTables = ({ failures }: RoundFigures): Table[] =>
  failures.length === 0
    ? []
    : [
        {
          heading: "what failed",
          columns: ["people", "where", "sentence"],
          rows: failures.map((each) => [String(each.people), placeOf(each), each.sentence]),
        },
      ];

const placeOf = ({ phase, cells }: FailureGroup): string =>
  cells.length === 0 ? phaseNames[phase] : cellsText(cells);

const browserFailure = ({ failure = "" }: BrowserVisit): string =>
  `The browser was not measured to the end: ${failure}`;

/** How it was measured, in sentences. */
export const measuredText = ({
  line,
  rounds,
  notebook,
  cells,
  minutes,
  skipped,
}: Rehearsal): string[] => [
  `Notebook: ${notebook}, ${cells} ${cells === 1 ? "cell" : "cells"} with code; ${minutes} min of work for each person.`,
  `Line to the class: ${line.roundTrip.toFixed(1)} ms for a round trip, ${formatSize(line.rate)} per second. Each round: ${rounds
    .map(({ requests, bytes }) => `${requests} requests, ${formatSize(bytes)}`)
    .join("; ")}.`,
  `This program was at most ${Math.max(0, ...rounds.map(({ delay }) => delay.worst))} ms late (p99 ${Math.max(
    0,
    ...rounds.map(({ delay }) => delay.p99),
  )} ms).`,
  ...new Set(
    rounds.flatMap(({ browser }) =>
      browser?.failure === undefined ? [] : [browserFailure(browser)],
    ),
  ),
  ...skipped,
];
