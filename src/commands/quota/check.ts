import type { Limits } from "../../../contracts/limits.js";
import type { Cluster } from "../../cluster/cluster.js";
import { UserError, exitCode } from "../../errors.js";
import { type Finding, findingsOf } from "../../homes/findings.js";
import { type Homes, inspectHomes } from "../../homes/inspect.js";
import { ownerName } from "../../homes/select.js";
import { configuredLimits } from "../../homes/set-limits.js";
import { watcherProblem } from "../../homes/watcher.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Terminal } from "../../report/terminal.js";
import { peopleOf } from "../../roster/people.js";
import { jsonText, plural, printable } from "../../text/format.js";
import { waitUntil } from "../../wait.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withReachable } from "../shared/session.js";

/** The options of `swarmhub quota check`. */
export type QuotaCheckOptions = ClassOptions & { mend: boolean };

type State = { seen: Homes; findings: Finding[] };

/** Shows the drift of every home; throws with code 6 where there is any. With `mend` the watcher repairs it first. */
export const quotaCheck = (options: QuotaCheckOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, (cluster) => checkQuota(cluster, options, terminal));

/** The same on the machines of a class. */
export const checkQuota = async (
  cluster: Cluster,
  options: Pick<QuotaCheckOptions, "mend" | "json">,
  terminal: Pick<Terminal, "print">,
): Promise<void> => {
  const { storage, storageConfig } = persistentHomes(cluster);
  // Throws where the roster cannot be read: it has groups with quotas, too.
  peopleOf(cluster.config);
  const configured = configuredLimits(storageConfig, cluster.config.login);
  const first = await inspect(storage, configured);
  const last =
    options.mend && first.findings.length > 0 ? await repair(storage, configured, first) : first;
  show(first, last, options, terminal);
};

const inspect = async (storage: Host, configured: Limits): Promise<State> => {
  const seen = await inspectHomes(storage);
  return { seen, findings: findingsOf(seen, configured) };
};

/** The time in ms without a repair after which none will follow. */
const patience = 30_000;

/** Wakes the watcher and waits until it can repair nothing more. */
const repair = async (storage: Host, configured: Limits, first: State): Promise<State> => {
  await storage.run(["touch", "-c", paths.limits]);
  let fewest = first.findings.length;
  let since = Date.now();
  return waitUntil(
    async () => {
      const state = await inspect(storage, configured);
      if (state.findings.length < fewest) {
        fewest = state.findings.length;
        since = Date.now();
      }
      const isOver = Date.now() - since > patience || isWatcherDown(state);
      return isOver || !state.findings.some(isRepairable) ? state : undefined;
    },
    {
      deadline: 600_000,
      every: 500,
      otherwise: () =>
        new UserError("the quota watcher has not finished after 10 min", {
          host: storage.name,
          hint: "to see what remains, type: swarmhub quota check",
        }),
    },
  );
};

const isRepairable = ({ hint }: Finding): boolean => hint === undefined;

/** Waiting is useless then: its findings stay until another command repairs the watcher. */
const isWatcherDown = ({ seen }: State): boolean =>
  watcherProblem(seen.watcher, seen.now) !== undefined;

const show = (
  first: State,
  last: State,
  options: Pick<QuotaCheckOptions, "mend" | "json">,
  terminal: Pick<Terminal, "print">,
): void => {
  const { seen, findings } = last;
  const reasons = new Map(seen.watcher?.failures.map(({ home, reason }) => [home, reason]));
  const users = new Map(seen.homes.map((home) => [home.name, home]));
  const repaired = first.findings.length - findings.length;
  if (options.json)
    terminal.print(
      jsonText({
        homes: seen.homes.length,
        mended: options.mend ? repaired : undefined,
        findings: findings.map(({ home, text, hint }) => ({
          home: home ?? null,
          user: users.get(home ?? "")?.user ?? null,
          text,
          hint: hint ?? null,
          watcher: reasons.get(home ?? "") ?? null,
        })),
      }),
    );
  else {
    const lines = findings.map((finding) => {
      const { home, text, hint } = finding;
      const known = home === undefined ? undefined : users.get(home);
      const reason = options.mend && isRepairable(finding) ? reasons.get(home ?? "") : undefined;
      const detail = reason === undefined ? "" : ` (the watcher: ${printable(reason)})`;
      const next = hint === undefined ? "" : `\n  → ${hint}`;
      return `${known === undefined ? "all homes" : ownerName(known)}: ${text}${detail}${next}`;
    });
    if (lines.length > 0) terminal.print(lines.join("\n"));
    if (repaired > 0) terminal.print(`${plural(repaired, "finding")} repaired`);
    if (findings.length === 0)
      terminal.print(
        `${plural(seen.homes.length, "home")}: all project ids and limits are correct`,
      );
  }
  if (findings.length > 0) throw driftError(findings, options);
};

const driftError = (
  findings: readonly Finding[],
  { mend: isRepaired }: Pick<QuotaCheckOptions, "mend">,
): UserError => {
  const known = findings.find(({ hint }) => hint !== undefined)?.hint;
  const log = isRepaired ? "to see the watcher's log, type: swarmhub logs quota" : undefined;
  return new UserError(`drift: ${plural(findings.length, "finding")} about homes and limits`, {
    hint: known ?? log ?? "to have the watcher repair it, type: swarmhub quota check --mend",
    code: exitCode.drift,
  });
};
