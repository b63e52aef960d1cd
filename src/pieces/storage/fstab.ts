import { paths } from "../../paths.js";

/** What mounts the homes at every boot: "UUID=…" of a disk, or the storage file. */
type Source = string;

/** The line of /etc/fstab, without it the class would come back from a reboot without homes. */
export const tableLine = (source: Source, extraOptions = ""): string =>
  `${source} ${paths.storage} xfs defaults,prjquota,nofail${extraOptions} 0 0`;

/** Whether an /etc/fstab mounts the homes from there, with project quota; from anywhere where the source is not known. */
export const isListed = (table: string | undefined, source: Source | undefined): boolean =>
  (table ?? "")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .some(
      ([from = "", to, type, options = ""]) =>
        !from.startsWith("#") &&
        (source === undefined || from === source) &&
        to === paths.storage &&
        type === "xfs" &&
        options.split(",").includes("prjquota"),
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
