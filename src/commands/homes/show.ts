import type { Limits } from "../../../contracts/limits.js";
import { limitText, wantedOf } from "../../homes/findings.js";
import { type Home, type Homes, inspectHomes } from "../../homes/inspect.js";
import { selectHomes, ownerName } from "../../homes/select.js";
import { paths } from "../../paths.js";
import { tableText } from "../../report/table.js";
import type { Terminal } from "../../report/terminal.js";
import { type Server, serversOf } from "../../swarm/user-servers.js";
import { agoText, formatSize, jsonText, momentText, printable } from "../../text/format.js";
import { persistentHomes } from "../shared/homes.js";
import { type ClassOptions, withReachable } from "../shared/session.js";
import { serverText } from "./ls.js";

/** The options of `swarmhub homes show`. */
export type HomesShowOptions = ClassOptions & { user: string };

/** Shows everything about one home. */
export const homesShow = (options: HomesShowOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, async (cluster) => {
    const { storage } = persistentHomes(cluster);
    const [seen, servers] = await Promise.all([
      inspectHomes(storage, { changes: true }),
      serversOf(cluster),
    ]);
    for (const home of selectHomes(seen.homes, [options.user])) {
      const server = servers.get(home.name);
      terminal.print(
        options.json
          ? jsonText(jsonOf(home, seen, server, storage.name))
          : textOf(home, seen, server, storage.name),
      );
    }
  });

const pathOf = ({ name }: Home): string => `${paths.storage}/homes/${name}`;

const textOf = (home: Home, seen: Homes, server: Server | undefined, storage: string): string => {
  const { bytes, files, changed, attributes, pendingSince } = home;
  const pending =
    pendingSince === undefined ? [] : [["", "not set yet: no server can start until it is"]];
  return tableText([
    ["user", home.user === undefined ? "unknown: the owner's note is missing" : ownerName(home)],
    ["home", home.name],
    ["path", `${pathOf(home)} on ${storage}`],
    ["used", `${formatSize(bytes.used)} in ${files.used} files and folders`],
    ["limit", `${limitText(bytes.hard)} and ${files.hard || "any number of"} files`],
    ["", originText(home, seen.limits)],
    ...pending,
    ["project id", String(attributes?.projectId ?? "unknown")],
    [
      "last change",
      changed === undefined ? "unknown" : `${momentText(changed)}, ${agoText(changed, seen.now)}`,
    ],
    ["server", server === undefined ? "none" : `on ${serverText(server)}`],
  ]);
};

const originText = (home: Home, limits: Limits | undefined): string => {
  const from = wantedOf(home, limits)?.from;
  if (from === undefined) return "unknown: limits.json is missing or unreadable";
  const texts = {
    "quota set": "set by `swarmhub quota set`",
    group: `the quota of a group (storage.quota, login.groups)${home.groups.length === 0 ? "" : `; the provider names ${home.groups.map(printable).join(", ")}`}`,
    default: "the configured default (storage.quota)",
    current: `unchanged, because limits/${home.name} is unreadable; type: swarmhub quota set ${home.name} default`,
  };
  return texts[from];
};

const jsonOf = (home: Home, seen: Homes, server: Server | undefined, storage: string) => ({
  home: home.name,
  user: home.user ?? null,
  host: storage,
  path: pathOf(home),
  projectId: home.attributes?.projectId ?? null,
  usedBytes: home.bytes.used,
  limitBytes: home.bytes.hard || null,
  files: home.files.used,
  limitFiles: home.files.hard || null,
  limitFrom: wantedOf(home, seen.limits)?.from ?? null,
  providerGroups: home.groups,
  isLimitPending: home.pendingSince !== undefined,
  lastChange: home.changed?.toISOString() ?? null,
  server: server ?? null,
});
