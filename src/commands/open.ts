import type { Cluster } from "../cluster/cluster.js";
import { classUrl, safariSentence } from "../cluster/public-address.js";
import { UserError, exitCode } from "../errors.js";
import { readSecret } from "../pieces/index.js";
import type { Terminal } from "../report/terminal.js";
import { missingStaff, peopleOf } from "../roster/people.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** The options of `swarmhub open`. */
export type OpenOptions = ClassOptions & { passwords: boolean };

/** Prints the address of the class, and with `passwords` the login passwords, which the manager keeps. */
export const open = (options: OpenOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, (cluster) => openIn(cluster, options, terminal));

/** The same for a class with connections. */
export const openIn = async (
  cluster: Cluster,
  { passwords: withPasswords, json }: Pick<OpenOptions, "passwords" | "json">,
  { print, report }: Pick<Terminal, "print" | "report">,
): Promise<void> => {
  const address = await classUrl(cluster);
  const passwords = withPasswords ? await passwordsOf(cluster) : {};
  if (json) return print(JSON.stringify({ address, passwords }));
  print(address);
  const safari = safariSentence(cluster.config);
  if (safari !== undefined) report.event({ type: "note", text: safari });
  for (const [users, password] of Object.entries(passwords)) print(`${users}: ${password}`);
};

const passwordsOf = async ({ config, manager }: Cluster): Promise<Record<string, string>> => {
  const { method } = config.login;
  if (method.kind !== "shared-password" && method.kind !== "passwords")
    throw new UserError("this class has no passwords: users log in with accounts of their own", {
      hint: "type `swarmhub open`, and log in with yours",
      code: exitCode.usage,
    });
  const isShared = method.kind === "shared-password";
  // Of those who are on a roster with personal passwords nobody but the slips has the password.
  const { admins, teachers } = isShared
    ? config.login
    : missingStaff(config, peopleOf(config) ?? []);
  return {
    ...(isShared && { everyone: await readSecret(manager, "shared-password") }),
    ...(admins.length > 0 && {
      [`admins (${admins.join(", ")})`]: await readSecret(manager, "admin-password"),
    }),
    ...(teachers.length > 0 && {
      [`teachers (${teachers.join(", ")})`]: await readSecret(manager, "teacher-password"),
    }),
  };
};
