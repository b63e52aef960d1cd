import { seconds } from "./figure.js";
import type { ServiceTimes } from "./login-burst-hub.js";
import type { LoginResult } from "./simulated-student.js";

/** Many logins at once: their results, the services, the CPU time of the hub in seconds, and the orphans. */
export type LoginBurst = {
  results: readonly LoginResult[];
  services: readonly ServiceTimes[];
  cpu: number;
  orphans: readonly string[];
  /** The load average of the measuring machine over the last minute, at the end. */
  load: number;
};

/** The percentile of the waits for a server in milliseconds, by nearest rank; infinite for users without a server. */
export const waitTime = ({ results }: LoginBurst, share: number): number =>
  percentile(
    results.map(({ started, answered = Infinity }) => answered - started),
    share,
  );

/** The number of users without a server. */
export const countWithoutServer = ({ results }: LoginBurst): number =>
  results.filter(({ answered }) => answered === undefined).length;

/** The smallest number that this share of the numbers does not exceed; NaN for an empty list. */
export const percentile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((one, other) => one - other)[Math.ceil(numbers.length * share) - 1] ??
  Number.NaN;

/** A burst as a Markdown table: failures, CPU time, orphans and the times of each stage; then the messages for users without a server. */
export const burstTable = (burst: LoginBurst): string => {
  const { results, cpu, orphans, load } = burst;
  const messages = results.flatMap(({ message, failure }) => message ?? failure ?? []);
  const rows = [
    ["logins", String(results.length)],
    ["without a server", String(messages.length)],
    ["wait, p50 / p95 / longest", spread([0.5, 0.95, 1], (share) => waitTime(burst, share))],
    ["CPU time of the hub for each login", seconds((cpu / results.length) * 1000)],
    ["orphans after two minutes", orphans.join(" ") || "none"],
    ["load of the machine", load.toFixed(1)],
    ...stages.map(({ what, at }) => {
      const times = stageTimes(burst, at);
      return [`${what}, p50 / p95`, spread([0.5, 0.95], (share) => percentile(times, share))];
    }),
  ];
  const counts = [...new Set(messages)].map(
    (each) => `- ${messages.filter((other) => other === each).length} × ${each}`,
  );
  const lines = [["", ""], ["---", "---"], ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [...lines, "", ...counts].join("\n");
};

type Stage = (result: LoginResult, service: ServiceTimes | undefined) => number | undefined;

const stages: { what: string; at: Stage }[] = [
  { what: "logged in", at: ({ loggedIn }) => loggedIn },
  { what: "service created", at: (_, service) => service?.created },
  { what: "container runs", at: (_, service) => service?.running },
  { what: "hub reports ready", at: ({ ready }) => ready },
  { what: "server answers", at: ({ answered }) => answered },
];

/** The times at which users reached a stage, in milliseconds after the start of their logins. */
const stageTimes = ({ results, services }: LoginBurst, stage: Stage): number[] =>
  results.flatMap((result) => {
    const service = services.find(({ name }) => name.endsWith(`-${result.user}`));
    const at = stage(result, service);
    return at === undefined ? [] : [at - result.started];
  });

const spread = (shares: readonly number[], of: (share: number) => number): string =>
  shares.map((share) => seconds(of(share))).join(" / ");
