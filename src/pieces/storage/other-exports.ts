import type { PersistentStorage } from "../../config/types.js";
import { UserError, exitCode } from "../../errors.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import { plural, printable } from "../../text/format.js";
import { otherExportsScript } from "../shared/other-exports.js";

/** A folder that a machine serves by NFS and that is not ours. `isRoot`: NFSv4 clients see all paths below it. */
export type OtherExport = { path: string; isRoot: boolean };

/** What the machine's NFS server serves beside the homes, and whether it runs without the version with which they are mounted. */
export type NfsServer = { otherExports: OtherExport[]; lacksNfs42: boolean };

/** A shell script that prints what `nfsServerIn` reads. */
export const nfsServerScript = `if [ -e /proc/fs/nfsd/versions ] && ! grep -q '+4\\.2' /proc/fs/nfsd/versions; then echo 'lacks NFSv4.2'; fi
${otherExportsScript}`;

/** The NFS server in its output. */
export const nfsServerIn = (output: string): NfsServer => ({
  otherExports: otherExportsIn(output),
  lacksNfs42: output.includes("\nlacks NFSv4.2\n"),
});

/** The exports in its output, each path once. */
export const otherExportsIn = (output: string): OtherExport[] => {
  const found = new Map<string, OtherExport>();
  for (const [, quoted, plain, rest = ""] of output.matchAll(
    /^other-export (?:"([^"]*)"|(\S+))(.*)$/gm,
  )) {
    const path = printable(quoted ?? plain ?? "");
    const isRoot = /\bfsid=(0|root)\b/.test(rest) || found.get(path)?.isRoot === true;
    found.set(path, { path, isRoot });
  }
  return [...found.values()];
};

/**
 * Throws a UserError (preflight) if the NFS server serves others and the configuration does not say so: with our settings it would
 * end NFSv3, and the firewall would close its port for all machines outside of the class.
 */
export const refuseOtherExports = (
  { share }: PersistentStorage,
  host: Host,
  { otherExports: others, lacksNfs42 }: NfsServer,
): void => {
  const root = others.find(({ isRoot }) => isRoot);
  const refuseToShare = (message: string, cure: string): never => {
    throw new UserError(message, {
      host: host.name,
      hint: `name another machine in \`storage: host\`, or on ${host.name} ${cure}`,
      code: exitCode.preflight,
    });
  };
  if (share === true && root !== undefined)
    refuseToShare(
      `its NFS server has ${root.path} as the root of NFSv4 (fsid=0), so machines could not mount ${paths.storage}`,
      "remove fsid=0: `sudoedit /etc/exports`",
    );
  if (share === true && lacksNfs42)
    refuseToShare(
      "its NFS server offers no NFSv4.2, which the homes need",
      "remove vers4=n or vers4.2=n: `sudoedit /etc/nfs.conf`, and restart it: `sudo systemctl restart nfs-server`",
    );
  if (share === true || others.length === 0) return;
  throw new UserError(`${servesSentence(others)}; swarmhub would take NFS from its other clients`, {
    host: host.name,
    hint: `name another machine in \`storage: host\`, or write \`share: true\` to \`storage:\`. The NFS server then keeps its settings and serves the homes, too; port 2049 stays open, and after each restart of it, files block for its grace period (90 s by default)`,
    code: exitCode.preflight,
  });
};

/** The sentence about a running class that took the NFS server from others, if it did. */
export const problemsOfSharing = (
  { share }: PersistentStorage,
  host: Host,
  others: readonly OtherExport[],
): string[] =>
  share === true || others.length === 0
    ? []
    : [
        `${host.name}: ${servesSentence(others)}, which machines outside of the class cannot reach; to open port 2049 to them, write \`share: true\` to \`storage:\` and type \`swarmhub up\``,
      ];

/** "its NFS server serves 5 folders of others (/data, /music, /photos, …)" */
const servesSentence = (others: readonly OtherExport[]): string => {
  const names = others.slice(0, 3).map(({ path }) => path);
  const list = [...names, ...(others.length > 3 ? ["…"] : [])].join(", ");
  return `its NFS server serves ${plural(others.length, "folder")} of others (${list})`;
};
