import { hubSettingsIn } from "../../contracts/hub-settings.js";
import { type RosterPerson, peopleIn, rosterText } from "../../contracts/roster.js";
import type { Cluster } from "../cluster/cluster.js";
import { inspectMachines } from "../cluster/machines.js";
import { classUrl } from "../cluster/public-address.js";
import type { Config, Person } from "../config/types.js";
import { CommandError } from "../errors.js";
import type { Facts } from "../host/facts.js";
import { homeNamesOf } from "../names.js";
import { paths } from "../paths.js";
import type { Piece, Step, StepNote } from "../reconcile/piece.js";
import {
  type Changes,
  changeLines,
  changesBetween,
  changesText,
  peopleText,
  rosterWith,
} from "../roster/changes.js";
import { hashPasswords, newPasswords } from "../roster/passwords.js";
import { peopleOf } from "../roster/people.js";
import { removeSlips, writeSlips } from "../roster/slips-file.js";
import { slipsPage } from "../roster/slips.js";
import { serversOf } from "../swarm/user-servers.js";
import { momentText, plural } from "../text/format.js";
import type { Progress } from "../wait.js";

type State = {
  /** The text of `roster.json` on the manager; undefined where there is none. */
  text: string | undefined;
  /** The names of homes whose servers run, of those who are no longer on the roster. */
  running: ReadonlySet<string>;
};

/**
 * Writes who may log in to the manager, where the hub reads it again by itself. People whose names are in `reset` get a new
 * password; the set is empty afterwards. Adds the path of the slips to `slips`.
 */
export const rosterPiece = (reset: Set<string>, slips: string[] = []): Piece<State> => ({
  name: "roster",
  inspect: (cluster) => inspectRoster(cluster),
  plan: (want, { text, running }, cluster) => {
    const wanted = peopleOf(want);
    if (wanted === undefined) return text === undefined ? [] : [removal(cluster)];
    const hasPasswords = want.login.method.kind === "passwords";
    const present = text === undefined ? undefined : peopleIn(text);
    const changes = changesBetween(present ?? [], wanted, { hasPasswords, reset });
    const next = rosterWith(present ?? [], wanted, { hasPasswords, hashes: new Map() });
    if (changes.withoutPassword.length === 0 && rosterText({ people: next }) === text) return [];
    const isRunning = (name: string): boolean =>
      homeNamesOf(name).some((home) => running.has(home));
    const lost = text === undefined ? undefined : whatIsLost(present, changes, hasPasswords);
    return [
      {
        host: cluster.manager,
        title: `write ${paths.roster}`,
        detail: present === undefined ? peopleText(wanted.length) : changesText(changes),
        ...(present !== undefined && { changes: changeLines(changes, isRunning) }),
        ...(lost !== undefined && { destroys: lost }),
        run: async (progress) => {
          const path = await apply(cluster, present ?? [], wanted, changes, progress);
          reset.clear();
          if (path === undefined) return undefined;
          slips.push(path);
          const { length } = changes.withoutPassword;
          return { note: `slips for ${peopleText(length)}: ${path}` } satisfies StepNote;
        },
      },
    ];
  },
  remove: ({ text }, cluster) => (text === undefined ? [] : [removal(cluster)]),
});

/** The piece of `up`. */
export const roster = rosterPiece(new Set());

/** Reads `roster.json` where there may be one. It is not among the facts, since it has hashes of passwords. */
export const readRosterFile = async ({ manager }: Cluster): Promise<string | undefined> => {
  const text = await manager.script(`cat ${paths.roster} 2>/dev/null || true`, {
    title: "read the roster",
  });
  return text === "" ? undefined : text;
};

const inspectRoster = async (cluster: Cluster): Promise<State> => {
  const { facts } = (await inspectMachines(cluster))(cluster.manager);
  const text = mayExist(cluster.config, facts) ? await readRosterFile(cluster) : undefined;
  const { people } = cluster.config.login;
  const names = new Set(Array.isArray(people) ? people.map(({ name }) => name) : []);
  const hasRemoved = (peopleIn(text ?? "") ?? []).some(({ name }) => !names.has(name));
  const servers = hasRemoved ? await serversOf(cluster) : new Map<string, unknown>();
  return { text, running: new Set(servers.keys()) };
};

/** Not on a machine without a class, nor where the hub has been told that there is no roster. */
const mayExist = ({ login }: Config, { files }: Facts): boolean => {
  const text = files[paths.hubConfiguration] ?? "";
  const isKnown = text === "" || hubSettingsIn(text)?.roster === true;
  return files[paths.classNote] !== undefined && (login.roster !== undefined || isKnown);
};

const removal = ({ manager }: Cluster): Step => ({
  host: manager,
  title: `remove ${paths.roster}`,
  run: () => manager.run(["rm", "-f", paths.roster]),
});

/** What the operator is asked about: a wrong file would take the logins of many, and their passwords are nowhere else. */
const whatIsLost = (
  present: readonly RosterPerson[] | undefined,
  { removed }: Changes,
  hasPasswords: boolean,
): string | undefined => {
  if (present === undefined) return `all passwords, since ${paths.roster} is damaged`;
  const before = present.length;
  const kept = present.filter(({ password }) => password !== null).length;
  if (!hasPasswords && kept > 0)
    return `the passwords of ${peopleText(kept)}, since "login.passwords" is gone`;
  if (removed.length < 5 || removed.length * 5 < before) return undefined;
  const first = removed.slice(0, 3).map(({ name }) => name);
  return `the logins of ${removed.length} of ${peopleText(before)} (${first.join(", ")}, …), but no home`;
};

/** Writes the roster, and before it the slips of the new passwords; answers their path. */
const apply = async (
  { config, manager, ...cluster }: Cluster,
  present: readonly RosterPerson[],
  wanted: readonly Person[],
  { withoutPassword }: Changes,
  progress: Progress,
): Promise<string | undefined> => {
  const all = withoutPassword.length;
  const passwords = newPasswords(withoutPassword.map(({ name }) => name));
  const hashes = await hashPasswords(passwords, (done) =>
    progress(`${done} of ${plural(all, "password")}`),
  );
  const people = rosterWith(present, wanted, {
    hasPasswords: config.login.method.kind === "passwords",
    hashes,
  });
  const write = (): Promise<void> => manager.write(paths.roster, rosterText({ people }), 0o600);
  if (all === 0) {
    await write();
    return undefined;
  }
  const slips = withoutPassword.map(({ name, shown }) => ({
    name,
    shown,
    password: passwords.get(name) ?? "",
  }));
  const page = slipsPage(slips, {
    className: config.name,
    address: await classUrl({ config, manager, ...cluster }),
    made: momentText(new Date()),
  });
  // First the slips: of the passwords in them the machines have hashes only.
  const path = await writeSlips(config.login.roster?.folder ?? ".", config.name, page);
  try {
    await write();
  } catch (error) {
    // After a lost connection nobody knows whether the passwords are in force.
    if (error instanceof CommandError) await removeSlips(path);
    throw error;
  }
  return path;
};
