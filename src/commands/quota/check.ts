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
import { jsonText, plural, printable } from "../../text/format.js";
import { waitUntil } from "../../wait.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withCluster } from "../shared/session.js";

/** The options of `swarmhub quota check`. */
export type QuotaCheckOptions = ClassOptions & { mend: boolean };

type Found = { seen: Homes; findings: Finding[] };

/** Shows what of each home is not as it should be; throws with code 6 where something is. `mend` has the watcher set it right first. */
export const quotaCheck = (options: QuotaCheckOptions, terminal: Terminal): Promise<void> =>
  withCluster(options, terminal, (cluster) => checkQuota(cluster, options, terminal));

/** The same on the machines of a class. */
export const checkQuota = async (
  cluster: Cluster,
  options: Pick<QuotaCheckOptions, "mend" | "json">,
  terminal: Pick<Terminal, "print">,
): Promise<void> => {
  const { storage, kept } = persistentHomes(cluster);
  const wanted = configuredLimits(kept, cluster.config.login);
  const first = await look(storage, wanted);
  const last =
    options.mend && first.findings.length > 0 ? await mend(storage, wanted, first) : first;
  show(first, last, options, terminal);
};

const look = async (storage: Host, wanted: Limits): Promise<Found> => {
  const seen = await inspectHomes(storage);
  return { seen, findings: findingsOf(seen, wanted) };
};

const patience = 30_000;

/** Rings the watcher, and waits while it gets on: 30 s after the last finding went away nothing more will. */
const mend = async (storage: Host, wanted: Limits, first: Found): Promise<Found> => {
  await storage.run(["touch", "-c", paths.limits]);
  let fewest = first.findings.length;
  let since = Date.now();
  return waitUntil(
    async () => {
      const found = await look(storage, wanted);
      if (found.findings.length < fewest) {
        fewest = found.findings.length;
        since = Date.now();
      }
      const isOver = Date.now() - since > patience || isDown(found);
      return isOver || !found.findings.some(isMendable) ? found : undefined;
    },
    {
      deadline: 600_000,
      every: 500,
      otherwise: () =>
        new UserError("the quota watcher is still at it after 10 min", {
          host: storage.name,
          hint: "`swarmhub quota check` shows what is left",
        }),
    },
  );
};

const isMendable = ({ hint }: Finding): boolean => hint === undefined;

/** The findings that only somebody else can mend stay; waiting for a watcher that is away is no use. */
const isDown = ({ seen }: Found): boolean => watcherProblem(seen.watcher, seen.now) !== undefined;

const show = (
  first: Found,
  last: Found,
  options: Pick<QuotaCheckOptions, "mend" | "json">,
  terminal: Pick<Terminal, "print">,
): void => {
  const { seen, findings } = last;
  const reasons = new Map(seen.watcher?.failures.map(({ home, reason }) => [home, reason]));
  const users = new Map(seen.homes.map((home) => [home.name, home]));
  const mended = first.findings.length - findings.length;
  if (options.json)
    terminal.print(
      jsonText({
        homes: seen.homes.length,
        mended: options.mend ? mended : undefined,
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
    const lines = findings.map(({ home, text, hint }) => {
      const known = home === undefined ? undefined : users.get(home);
      const reason = options.mend && hint === undefined ? reasons.get(home ?? "") : undefined;
      const why = reason === undefined ? "" : ` (the watcher: ${printable(reason)})`;
      const what = hint === undefined ? "" : `\n  → ${hint}`;
      return `${known === undefined ? "all homes" : ownerName(known)}: ${text}${why}${what}`;
    });
    if (lines.length > 0) terminal.print(lines.join("\n"));
    if (mended > 0) terminal.print(`${plural(mended, "finding")} mended`);
    if (findings.length === 0)
      terminal.print(
        `${plural(seen.homes.length, "home")}: each has a project id of its own and the limits that it should have`,
      );
  }
  if (findings.length > 0) throw drift(findings, options);
};

const drift = (
  findings: readonly Finding[],
  { mend: tried }: Pick<QuotaCheckOptions, "mend">,
): UserError => {
  const others = findings.find(({ hint }) => hint !== undefined)?.hint;
  const hint = others ?? (tried ? "`swarmhub logs quota` shows what the watcher said" : undefined);
  return new UserError(
    `${plural(findings.length, "thing")} of homes and limits ${findings.length === 1 ? "is" : "are"} not as it should be`,
    {
      hint: hint ?? "`swarmhub quota check --mend` has the watcher set it right",
      code: exitCode.drift,
    },
  );
};
