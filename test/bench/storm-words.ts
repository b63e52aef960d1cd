import { seconds } from "./figure.js";
import type { Started } from "./storm-hub.js";
import type { Arrival } from "./student.js";

/** A storm of logins: what each saw, what Swarm noted, what it cost the hub in seconds of CPU, and what was left over. */
export type Storm = {
  arrivals: readonly Arrival[];
  started: readonly Started[];
  cpu: number;
  ghosts: readonly string[];
  /** The measuring machine's load over the last minute, at the end. */
  load: number;
};

/** How long those who got a server waited for it, in milliseconds; the `share`th of them, by nearest rank. */
export const waited = ({ arrivals }: Storm, share: number): number =>
  percentile(
    arrivals.flatMap(({ begun, answered }) => (answered === undefined ? [] : [answered - begun])),
    share,
  );

/** The smallest of some numbers that this share of them does not exceed; NaN of none. */
export const percentile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((one, other) => one - other)[Math.ceil(numbers.length * share) - 1] ??
  Number.NaN;

/** Two storms side by side as a Markdown table: failures, CPU, what was left, and how far people were when. */
export const stormTable = (storms: Record<string, Storm>): string => {
  const all = Object.values(storms);
  const row = (what: string, cell: (storm: Storm) => string): string =>
    `| ${[what, ...all.map(cell)].join(" | ")} |`;
  const head = ["", ...Object.keys(storms)];
  return [
    `| ${head.join(" | ")} |`,
    `| ${head.map(() => "---").join(" | ")} |`,
    row("logins", ({ arrivals }) => String(arrivals.length)),
    row("without a server", (storm) => String(failures(storm).length)),
    row("waited, p50 / p95 / longest", (storm) =>
      spread([0.5, 0.95, 1], (at) => waited(storm, at)),
    ),
    row("CPU of the hub a login", ({ arrivals, cpu }) => seconds((cpu / arrivals.length) * 1000)),
    row("two minutes later, ghosts", ({ ghosts }) => ghosts.join(" ") || "none"),
    row("load of the machine", ({ load }) => load.toFixed(1)),
    ...stages.map(({ what, at }) =>
      row(`${what}, p50 / p95`, (storm) =>
        spread([0.5, 0.95], (share) => percentile(reached(storm, at), share)),
      ),
    ),
    "",
    ...Object.entries(storms).flatMap(([name, storm]) =>
      [...new Set(failures(storm))].map((words) => `- ${name}: ${words}`),
    ),
  ].join("\n");
};

type Stage = (arrival: Arrival, started: Started | undefined) => number | undefined;

const stages: { what: string; at: Stage }[] = [
  { what: "logged in", at: ({ loggedIn }) => loggedIn },
  { what: "service made", at: (_, started) => started?.made },
  { what: "container runs", at: (_, started) => started?.runs },
  { what: "hub says ready", at: ({ ready }) => ready },
  { what: "server answers", at: ({ answered }) => answered },
];

/** When people reached a stage, in milliseconds since they came. */
const reached = ({ arrivals, started }: Storm, stage: Stage): number[] =>
  arrivals.flatMap((arrival) => {
    const its = started.find(({ name }) => name.endsWith(`-${arrival.user}`));
    const at = stage(arrival, its);
    return at === undefined ? [] : [at - arrival.begun];
  });

const spread = (shares: readonly number[], of: (share: number) => number): string =>
  shares.map((share) => seconds(of(share))).join(" / ");

const failures = ({ arrivals }: Storm): string[] =>
  arrivals.flatMap(({ sentence, failure }) => sentence ?? failure ?? []);
