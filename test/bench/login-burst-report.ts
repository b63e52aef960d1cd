import { seconds } from "./figure.js";
import type { Started } from "./login-burst-hub.js";
import type { Arrival } from "./simulated-student.js";

/** A storm of logins: what each saw, what Swarm noted, what it cost the hub in seconds of CPU, and what was left over. */
export type Storm = {
  arrivals: readonly Arrival[];
  started: readonly Started[];
  cpu: number;
  ghosts: readonly string[];
  /** The measuring machine's load over the last minute, at the end. */
  load: number;
};

/** How long people waited for a server, in milliseconds, without an end for who got none; the `share`th of them, by nearest rank. */
export const waited = ({ arrivals }: Storm, share: number): number =>
  percentile(
    arrivals.map(({ begun, answered = Infinity }) => answered - begun),
    share,
  );

/** How many got no server. */
export const lostIn = ({ arrivals }: Storm): number =>
  arrivals.filter(({ answered }) => answered === undefined).length;

/** The smallest of some numbers that this share of them does not exceed; NaN of none. */
export const percentile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((one, other) => one - other)[Math.ceil(numbers.length * share) - 1] ??
  Number.NaN;

/** A storm as a Markdown table: failures, CPU, what was left, and how far people were when; then the words of who got no server. */
export const stormTable = (storm: Storm): string => {
  const { arrivals, cpu, ghosts, load } = storm;
  const lost = arrivals.flatMap(({ sentence, failure }) => sentence ?? failure ?? []);
  const rows = [
    ["logins", String(arrivals.length)],
    ["without a server", String(lost.length)],
    ["waited, p50 / p95 / longest", spread([0.5, 0.95, 1], (share) => waited(storm, share))],
    ["CPU of the hub a login", seconds((cpu / arrivals.length) * 1000)],
    ["two minutes later, ghosts", ghosts.join(" ") || "none"],
    ["load of the machine", load.toFixed(1)],
    ...stages.map(({ what, at }) => {
      const times = reached(storm, at);
      return [`${what}, p50 / p95`, spread([0.5, 0.95], (share) => percentile(times, share))];
    }),
  ];
  const words = [...new Set(lost)].map(
    (each) => `- ${lost.filter((other) => other === each).length} × ${each}`,
  );
  const lines = [["", ""], ["---", "---"], ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [...lines, "", ...words].join("\n");
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
