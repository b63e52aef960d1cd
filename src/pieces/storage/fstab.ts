import { paths } from "../../paths.js";

/** What mounts the homes at every boot: "UUID=…" of a disk, or the storage file. */
type Source = string;

/**
 * With nofail a disk is mounted beside everything else at boot. After power cuts in the lab writers waited 147 and 214 s; once the
 * mount was seen to come 0.6 s after the NFS server. In the one cut since, the writer went on 2.9 s after the NFS server was back.
 */
const options = ["prjquota", "x-systemd.before=nfs-server.service"];

/** The line of /etc/fstab, without it the class would come back from a reboot without homes. */
export const tableLine = (source: Source, extraOptions = ""): string =>
  `${source} ${paths.storage} xfs defaults,nofail,${options.join(",")}${extraOptions} 0 0`;

/** Whether an /etc/fstab mounts the homes from there, as they need it; from anywhere where the source is not known. */
export const isListed = (table: string | undefined, source: Source | undefined): boolean =>
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

/** Whether an /etc/fstab names the homes' place at all. */
export const isNamed = (table: string | undefined): boolean =>
  (table ?? "")
    .split("\n")
    .some((line) => !/^\s*#/.test(line) && line.trim().split(/\s+/)[1] === paths.storage);

// The last command ends a last line that has no newline, or ours would be written into it.
const withoutOurs = `sed -e '/^# Written by swarmhub/d' -e '\\|^[^#]*[[:space:]]${paths.storage}[[:space:]]|d' -e '$a\\' /etc/fstab >/etc/fstab.swarmhub-new`;
const inPlace = `chmod 644 /etc/fstab.swarmhub-new
mv /etc/fstab.swarmhub-new /etc/fstab
systemctl daemon-reload`;

/** A script that puts the line in, in place of an earlier one; $line holds it. */
export const listScript = `touch /etc/fstab
${withoutOurs}
printf '# Written by swarmhub: the homes of the class.\\n%s\\n' "$line" >>/etc/fstab.swarmhub-new
${inPlace}`;

/** A script that takes it out. */
export const unlistScript = `if [ -e /etc/fstab ]; then
${withoutOurs}
${inPlace}
fi`;
