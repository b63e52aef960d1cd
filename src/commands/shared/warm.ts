import { printable } from "../../text/format.js";
import type { WarmReport, WarmStartReport } from "../../swarm/warm.js";

/** The warm starts of now and the next one, a line each, with the names of those who are not ready. */
export const warmLines = ({ starts, next }: WarmReport): string[] => [
  ...starts.flatMap((start) => [startLine(start), ...missingLines(start)]),
  ...(next === undefined
    ? []
    : [
        `next warm start: ${dayText(next.at)}${groupText(next)}${next.say === undefined ? "" : `. ${next.say}`}`,
      ]),
];

/** "warm start for Mon 30 Nov 08:50: 27 of 30 ready". */
export const startLine = (start: WarmStartReport): string =>
  `warm start for ${dayText(start.at)}${groupText(start)}: ${readyText(start)}`;

/** "27 of 30 ready, the others start". */
export const readyText = ({ ready, total, going, problem }: WarmStartReport): string => {
  if (problem !== undefined) return printable(problem);
  return `${ready} of ${total} ready${going ? ", the others start" : ""}`;
};

/** A line for each reason, with the names of those to whom it applies: "  not ready: bob, carol: No seat was left.". */
export const missingLines = ({ missing }: WarmStartReport): string[] =>
  [...new Set(missing.map(({ say }) => say))].map((reason) => {
    const names = missing.filter(({ say }) => say === reason).map(({ name }) => name);
    return `  not ready: ${printable(names.join(", "))}: ${printable(reason)}`;
  });

const groupText = ({ group }: { group?: string | undefined }): string =>
  group === undefined ? "" : ` (group ${printable(group)})`;

/** By the clock of the operator's machine: "Mon 30 Nov 08:50". */
export const dayText = (seconds: number): string => {
  const time = new Date(seconds * 1000);
  const part = (options: Intl.DateTimeFormatOptions): string =>
    time.toLocaleString("en-GB", options);
  const clock = part({ hour: "2-digit", minute: "2-digit" });
  return `${part({ weekday: "short" })} ${part({ day: "numeric", month: "short" })} ${clock}`;
};
