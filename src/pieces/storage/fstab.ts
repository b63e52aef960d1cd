import { paths } from "../../paths.js";

/** The source of the mount in /etc/fstab: "UUID=…" of a disk, or the storage file. */
type Source = string;

/**
 * With nofail the disk is mounted in parallel with everything else at boot. After power cuts in the lab writers waited 147 and
 * 214 s; once the mount came 0.6 s after the NFS server. In the one cut since this order is set, the writer resumed 2.9 s after
 * the NFS server was back.
 */
const options = ["prjquota", "x-systemd.before=nfs-server.service"];

/** The line of /etc/fstab that mounts the homes at boot. */
export const fstabLine = (source: Source, extraOptions = ""): string =>
  `${source} ${paths.storage} xfs defaults,nofail,${options.join(",")}${extraOptions} 0 0`;

/** Whether an /etc/fstab mounts the homes with our options, from that source; from any source if it is undefined. */
export const hasMount = (table: string | undefined, source: Source | undefined): boolean =>
  (table ?? "")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .some(
      ([from = "", to, type, found = ""]) =>
        !from.startsWith("#") &&
        (source === undefined || from === source) &&
        to === paths.storage &&
        type === "xfs" &&
        options.every((option) => found.split(",").includes(option)),
    );

/** Whether an /etc/fstab mentions the homes' mount point. */
export const hasAnyMount = (table: string | undefined): boolean =>
  (table ?? "")
    .split("\n")
    .some((line) => !/^\s*#/.test(line) && line.trim().split(/\s+/)[1] === paths.storage);

/** The UUID of the homes' disk in an /etc/fstab that we wrote, and the name that the configuration had for it then. */
export const tableNote = (table = ""): { uuid?: string; name?: string } => {
  const [, name] = /^# Written by swarmhub: the homes of the class, on (\S+)\.$/m.exec(table) ?? [];
  const [, uuid] = new RegExp(`^UUID=(\\S+)\\s+${paths.storage}\\s`, "m").exec(table) ?? [];
  return { ...(uuid !== undefined && { uuid }), ...(name !== undefined && { name }) };
};

// The last command ends a last line that has no newline, or ours would be written into it.
const withoutOurs = `sed -e '/^# Written by swarmhub/d' -e '\\|^[^#]*[[:space:]]${paths.storage}[[:space:]]|d' -e '$a\\' /etc/fstab >/etc/fstab.swarmhub-new`;
const inPlace = `chmod 644 /etc/fstab.swarmhub-new
mv /etc/fstab.swarmhub-new /etc/fstab
systemctl daemon-reload`;

/** A script that adds the line in $line, replacing an earlier one; $name is the configured name of the disk, "" for a file. */
export const addLineScript = `touch /etc/fstab
${withoutOurs}
printf '# Written by swarmhub: the homes of the class%s.\\n%s\\n' "\${name:+, on $name}" "$line" >>/etc/fstab.swarmhub-new
${inPlace}`;

/** A script that removes the line. */
export const removeLineScript = `if [ -e /etc/fstab ]; then
${withoutOurs}
${inPlace}
fi`;
