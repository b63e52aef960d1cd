import { UserError, exitCode } from "../../errors.js";
import type { Terminal } from "../../report/terminal.js";
import { peopleText } from "../../roster/changes.js";
import { peopleOf } from "../../roster/people.js";
import { askToContinue } from "../shared/confirm.js";
import { hasRoster, requirePasswords, selectNames } from "../shared/roster.js";
import { withCluster } from "../shared/session.js";
import { type RosterChangeOptions, applyRoster } from "./apply.js";

/** The options of `swarmhub roster slips` and `reset`; no users are everybody. */
export type RosterSlipsOptions = RosterChangeOptions & { users: string[] };

/** Makes new passwords, which end the old ones, and writes slips to print. */
export const rosterSlips = (
  options: RosterSlipsOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> =>
  withCluster(
    options,
    terminal,
    async (cluster) => {
      const { config } = cluster;
      const names = (peopleOf(config) ?? []).map(({ name }) => name);
      const known = new Map(names.map((name) => [name, name]));
      const isForAll = options.users.length === 0;
      const reset = isForAll ? new Set(names) : selectNames(known, options.users);
      if (!(await hasRoster(cluster)))
        throw new UserError(`${config.name} has no roster on its manager yet`, {
          hint: "to set it up, with slips for everybody, type: swarmhub up",
          code: exitCode.usage,
        });
      if (isForAll && !options.yes) {
        const question = `A slip has a new password, since the machines have hashes only. All passwords of ${peopleText(names.length)} in ${config.name} end, also those that users have chosen.`;
        if (!(await askToContinue(terminal, question)))
          throw new UserError("stopped: nothing was changed");
      }
      await applyRoster(cluster, reset, options, terminal, signal);
    },
    async (config) => requirePasswords(config),
  );
