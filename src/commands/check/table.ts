import type { Level } from "../../checks/check.js";
import type { Found } from "../../checks/index.js";
import type { Cluster } from "../../cluster/cluster.js";
import type { Span } from "../../report/paint.js";
import { printable } from "../../text/format.js";
import { columns, pad } from "../../text/width.js";

type Line = readonly Span[];

/** The findings as lines: each machine with its findings, then the whole class. */
export const tableOf = (found: readonly Found[], cluster: Cluster): Line[] => {
  const width = Math.max(0, ...found.map(({ check }) => columns(check)));
  const groups = [...namesOf(cluster), undefined].map((host) => ({
    title: host ?? "the class",
    roles: cluster.hosts.flatMap(({ name }) => (name === host ? [rolesOf(name, cluster)] : [])),
    lines: found.filter((each) => each.host === host).flatMap((each) => linesOf(each, width)),
  }));
  return groups
    .filter(({ lines }) => lines.length > 0)
    .flatMap(({ title, roles, lines }): Line[] => [
      [[printable(title), "bold"], ...roles.map((text): Span => [`  ${text}`, "dim"])],
      ...lines,
    ]);
};

const signs: Record<Level, Span> = {
  ok: ["✓", "good"],
  note: ["·", "dim"],
  warning: ["!", "warn"],
  error: ["✗", "bad"],
};

const linesOf = ({ check, level, text, hint }: Found, width: number): Line[] => [
  [["  "], signs[level], [` ${pad(check, width)}  `, "dim"], [printable(text)]],
  ...(hint ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line, index): Line => [
      [" ".repeat(width + 6)],
      [`${index === 0 ? "→ " : "    "}${printable(line)}`],
    ]),
];

/** The machines in their order, also those that are found and not known. */
const namesOf = ({ hosts, lost = [] }: Cluster): string[] => [
  ...new Set([...hosts.map(({ name }) => name), ...lost.map(({ destination }) => destination)]),
];

const rolesOf = (name: string, { manager, workers, storage }: Cluster): string =>
  [
    ...(manager.name === name ? ["manager"] : []),
    ...(workers.some((worker) => worker.name === name) ? ["worker"] : []),
    ...(storage?.name === name ? ["storage"] : []),
  ].join(", ");
