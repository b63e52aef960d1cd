import { contentName } from "../../contracts/hub-servers.js";
import { storageFolders } from "../../contracts/storage-folders.js";
import { type Cluster, homesHost } from "../cluster/cluster.js";
import { classUrl } from "../cluster/public-address.js";
import type { Config } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import { paths } from "../paths.js";
import type { Terminal } from "../report/terminal.js";
import { inspectRoom } from "../swarm/room.js";
import { jsonText } from "../text/format.js";
import { quote } from "../text/shell.js";
import { type ClassOptions, withReachable } from "./shared/session.js";

/** The options of `swarmhub link`; `path` is a file or folder in the repository of `servers.content`, none for its top. */
export type LinkOptions = ClassOptions & { path?: string | undefined };

/** Prints an address that starts a user's server, brings the content of the class and opens a file of it. */
export const link = (options: LinkOptions, terminal: Terminal): Promise<void> =>
  withReachable(options, terminal, (cluster) => linkIn(cluster, options, terminal));

/**
 * The same in a connected class; warns if the hub cannot read the repository, or found nothing at the path. Throws a UserError (usage)
 * for a class without content.
 */
export const linkIn = async (
  cluster: Cluster,
  { path, json }: Pick<LinkOptions, "path" | "json">,
  { print, report }: Pick<Terminal, "print" | "report">,
): Promise<void> => {
  const place = pathInHome(cluster.config, path);
  const address = `${await classUrl(cluster)}${linkPath(place)}`;
  // The address is the same while the hub does not answer.
  const room = await inspectRoom(cluster).catch(() => undefined);
  const problem = room?.contentProblem ?? (await absence(cluster, place));
  if (problem !== undefined && !json) report.event({ type: "warning", text: problem });
  print(
    json
      ? jsonText({ address, path: place.join("/"), ...(problem !== undefined && { problem }) })
      : address,
  );
};

/** A sentence if the files that the hub has fetched have nothing at this place; nothing is said before it has fetched any. */
const absence = async (cluster: Cluster, place: readonly string[]): Promise<string | undefined> => {
  const sent = `${paths.storage}/${storageFolders.handouts}/sent/${contentName}`;
  const script = `cd ${sent} 2>/dev/null || exit 0
for files in */files; do
  [ ! -e "$files"/${quote(place.join("/"))} ] || exit 0
done
echo absent`;
  // The address is the same without an answer.
  const answer = await homesHost(cluster)
    .script(script, { title: "look for the file" })
    .catch(() => "");
  if (answer.trim() !== "absent") return undefined;
  const [, ...rest] = place;
  return rest.length === 0
    ? "the repository had no files when the hub last read it"
    : `the repository had no ${rest.join("/")} when the hub last read it; it reads it when a server starts`;
};

const pathInHome = ({ servers: { content } }: Config, path = ""): string[] => {
  if (content === undefined)
    throw new UserError("this class has no content from git", {
      hint: 'write servers: {content: {repository: "https://…"}} into swarmhub.yaml, then type: swarmhub up',
      code: exitCode.usage,
    });
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..") || path.startsWith("/"))
    throw new UserError("the path is not one inside the repository", {
      hint: "for example, type: swarmhub link week2/lab1.ipynb",
      code: exitCode.usage,
    });
  return [content.folder, ...parts];
};

// JupyterHub sends everybody on to their own server, after a login and a start where those are needed. It decodes the path once
// (handlers/base.py, UserRedirectHandler), and JupyterLab a second time.
const linkPath = (parts: readonly string[]): string =>
  `/hub/user-redirect/lab/tree/${parts.map((part) => encodeURIComponent(encodeURIComponent(part))).join("/")}`;
