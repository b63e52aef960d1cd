import {
  type Limits,
  type OwnLimits,
  type WantedLimits,
  wantedLimits,
} from "../../../contracts/limits.js";
import { limitInKiB } from "../../../contracts/xfs.js";
import { UserError } from "../../errors.js";
import { limitText } from "../../homes/findings.js";
import { type Home, type Homes, inspectHomes } from "../../homes/inspect.js";
import { selectHomes, ownerName } from "../../homes/select.js";
import { writeOwnLimits } from "../../homes/set-limits.js";
import { watcherProblem } from "../../homes/watcher.js";
import type { Host } from "../../host/host.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { countText, formatSize, jsonText, plural, printable } from "../../text/format.js";
import { waitUntil } from "../../wait.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withCluster } from "../shared/session.js";
import { type Request, changed, requestFrom } from "./arguments.js";

/** The options of `swarmhub quota set`; `words` are users and the limit. */
export type QuotaSetOptions = ClassOptions & { words: string[]; all: boolean; files?: string };

type Change = { home: Home; own: OwnLimits | undefined; want: WantedLimits };

/**
 * Sets what homes may hold, and waits until XFS itself says so. It takes no lock: a running `up` never touches what is
 * written here, each file is replaced as a whole, and the watcher applies the newest.
 */
export const quotaSet = (options: QuotaSetOptions, terminal: Terminal): Promise<void> => {
  const request = requestFrom(options.words, options);
  return withCluster(options, terminal, (cluster) =>
    setQuota(persistentHomes(cluster).storage, request, options, terminal),
  );
};

/** The same on a storage host; `deadline` in milliseconds. */
export const setQuota = async (
  storage: Host,
  request: Request,
  { json }: Pick<QuotaSetOptions, "json">,
  terminal: Pick<Terminal, "print" | "report" | "screen">,
  deadline?: number,
): Promise<void> => {
  const seen = await inspectHomes(storage);
  const { limits } = seen;
  if (limits === undefined)
    throw new UserError("limits.json is missing", {
      host: storage.name,
      hint: "`swarmhub up` writes it",
    });
  const homes = request.users === undefined ? seen.homes : selectHomes(seen.homes, request.users);
  const changes = homes.map((home): Change => {
    const own = changed(home.own, request);
    return { home, own, want: wantedLimits(limits, { name: home.name, own, current: undefined }) };
  });
  await writeOwnLimits(storage, new Map(changes.map(({ home, own }) => [home.name, own])));
  // A pass of the watcher takes its time where there are many homes.
  await waitUntilInForce(storage, changes, deadline ?? 10_000 + 5 * seen.homes.length);
  if (json) return terminal.print(jsonText({ homes: changes.map(jsonOf) }));
  tell(changes, terminal);
  if (request.users === undefined) terminal.report.event({ type: "note", text: newHomes(limits) });
};

const newHomes = ({ bytes, files }: Limits): string =>
  `new homes get what the configuration says: ${formatSize(bytes)} and ${plural(files, "file")}`;

const waitUntilInForce = async (
  storage: Host,
  changes: readonly Change[],
  deadline: number,
): Promise<void> => {
  let left: readonly Change[] = changes;
  let seen: Homes | undefined;
  await waitUntil(
    async () => {
      const names = left.map(({ home }) => home.name);
      // A few are looked at alone: among 10,000 that is many times quicker.
      seen = await inspectHomes(storage, names.length > 100 ? {} : { only: names });
      const homes = new Map(seen.homes.map((home) => [home.name, home]));
      // A home that went away meanwhile has no limit to wait for.
      left = left.filter(({ home, want }) => {
        const now = homes.get(home.name);
        return now !== undefined && !isInForce(now, want);
      });
      return left.length === 0 ? true : undefined;
    },
    { deadline, every: 100, otherwise: () => notInForce(storage, left, seen) },
  );
};

const isInForce = ({ attributes, bytes, files }: Home, want: WantedLimits): boolean =>
  (attributes?.projectId ?? 0) !== 0 &&
  bytes.hard === limitInKiB(want.bytes) * 1024 &&
  files.hard === want.files;

const notInForce = (storage: Host, left: readonly Change[], seen: Homes | undefined): UserError => {
  const names = left.slice(0, 5).map(({ home }) => ownerName(home));
  const more = left.length > 5 ? ` and ${left.length - 5} more` : "";
  const trouble = seen === undefined ? undefined : watcherProblem(seen.watcher, seen.now);
  const failure = seen?.watcher?.failures.find(({ home }) =>
    left.some((change) => change.home.name === home),
  );
  const set = left.find(({ home, own }) => {
    const now = seen?.homes.find(({ name }) => name === home.name)?.own;
    return JSON.stringify(now) !== JSON.stringify(own);
  });
  const why =
    set === undefined
      ? (trouble ?? failure?.reason ?? "the quota watcher did not apply it in time")
      : "somebody else set another limit meanwhile";
  return new UserError(
    `the limit is written down, but not in force for ${names.join(", ")}${more}: ${printable(why)}`,
    {
      host: storage.name,
      hint: "`swarmhub up` sets the watcher right, and then it applies what is written; `swarmhub quota check` shows whether it did",
    },
  );
};

const shownAtMost = 20;

const tell = (
  changes: readonly Change[],
  terminal: Pick<Terminal, "print" | "report" | "screen">,
): void => {
  const over = changes.filter(({ home, want }) => home.bytes.used > want.bytes);
  const overFiles = changes.filter(({ home, want }) => home.files.used > want.files);
  const rows = changes
    .slice(0, shownAtMost)
    .map(({ home, want }) => [
      ownerName(home),
      `${limitText(home.bytes.hard)} → ${formatSize(want.bytes)}`,
      home.files.hard === want.files
        ? ""
        : `${home.files.hard === 0 ? "none" : countText(home.files.hard)} → ${countText(want.files)} files`,
      want.from === "quota set" ? "" : "as configured",
    ]);
  if (rows.length > 0) terminal.print(tableText(rows, { screen: terminal.screen }));
  if (changes.length > shownAtMost)
    terminal.print(`… ${plural(changes.length, "home")} in all, each with its limit in force`);
  if (changes.length === 0) terminal.print("there is no home yet");
  const warn = (which: readonly Change[], text: (change: Change) => string): void => {
    for (const change of which.slice(0, shownAtMost))
      terminal.report.event({ type: "warning", text: text(change) });
    if (which.length > shownAtMost)
      terminal.report.event({ type: "warning", text: `and ${which.length - shownAtMost} more` });
  };
  warn(
    over,
    ({ home, want }) =>
      `${ownerName(home)} uses ${formatSize(home.bytes.used)}, more than ${formatSize(want.bytes)}: nothing is lost, and nothing more can be written until enough is deleted`,
  );
  warn(
    overFiles,
    ({ home, want }) =>
      `${ownerName(home)} has ${plural(home.files.used, "file")}, more than ${want.files}: no file more can be made until enough are deleted`,
  );
};

const jsonOf = ({ home, want }: Change) => ({
  home: home.name,
  user: home.user ?? null,
  limitBytesBefore: home.bytes.hard || null,
  limitBytes: want.bytes,
  limitFilesBefore: home.files.hard || null,
  limitFiles: want.files,
  usedBytes: home.bytes.used,
  files: home.files.used,
  from: want.from,
});
