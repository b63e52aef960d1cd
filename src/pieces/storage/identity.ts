import type { Disk } from "../../host/facts.js";
import { printable } from "../../text/format.js";
import { tableNote } from "./fstab.js";

/** The XFS label that identifies a disk with homes, also on another machine. */
export const homesLabel = "swarmhub";

/** Whether a disk holds homes, of this or another class. */
export const hasHomes = ({ fileSystem, label: name }: Disk): boolean =>
  fileSystem === "xfs" && name === homesLabel;

/**
 * The disk with the homes when the kernel has given it another name since it was mounted: the one whose UUID is in /etc/fstab,
 * where the line was written for the configured name, or the configured name is no disk now.
 */
export const renamedDisk = (
  configured: { path: string; disk: Disk | undefined },
  disks: readonly Disk[],
  table: string | undefined,
): Disk | undefined => {
  const { uuid, name } = tableNote(table);
  if (uuid === undefined || (configured.disk !== undefined && hasHomes(configured.disk)))
    return undefined;
  if (configured.disk !== undefined && name !== configured.path) return undefined;
  return disks.find((disk) => disk.uuid === uuid && hasHomes(disk));
};

/** What a machine's list of devices says about a disk, beside its content. */
type Identity = Pick<Disk, "stableName" | "model" | "isLostAtStop">;

/** A shell script that prints "link PATH TARGET" for each stable name of a disk, and "model NAME MODEL". */
export const identityScript = `find /dev/disk -type l -path '*/by-id/*' -printf 'link %p %l\\n' 2>/dev/null
find /dev/disk -type l -name '*azure_resource' -printf 'link %p %l\\n' 2>/dev/null
lsblk -rdnpo NAME,MODEL 2>/dev/null | sed 's/^/model /'`;

/** Adds what its output says to the disks. */
export const withIdentities = (disks: readonly Disk[], output: string): Disk[] => {
  const links = new Map<string, string[]>();
  for (const [, link = "", target = ""] of output.matchAll(/^link (\S+) (\S+)$/gm)) {
    const path = `/dev/${target.split("/").at(-1)}`;
    links.set(path, [...(links.get(path) ?? []), link]);
  }
  const models = new Map(
    [...output.matchAll(/^model (\S+) (\S+)$/gm)].map(([, path = "", model = ""]) => [
      path,
      printable(
        model.replaceAll(/\\x([0-9a-f]{2})/g, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        ),
      ),
    ]),
  );
  return disks.map((disk) => ({
    ...disk,
    ...identityOf(links.get(disk.path) ?? [], models.get(disk.path) ?? ""),
  }));
};

const identityOf = (links: readonly string[], model: string): Identity => {
  const names = links.filter((link) => link.includes("/by-id/")).toSorted(byReadability);
  const isLostAtStop = isInstanceStorage(model, links);
  return {
    ...(names[0] !== undefined && { stableName: names[0] }),
    ...(model !== "" && { model }),
    ...(isLostAtStop && { isLostAtStop }),
  };
};

/** A provider's own name ("scsi-0DO_Volume_homes") before a number of the device. */
const byReadability = (one: string, other: string): number =>
  Number(isNumber(one)) - Number(isNumber(other)) || one.length - other.length;

const isNumber = (link: string): boolean =>
  /\/by-id\/(wwn-|nvme-eui|nvme-nvme\.|lvm-pv-uuid|scsi-3)/.test(link);

/** Disks that a provider erases when the machine stops: Amazon's and Google's local ones, and Azure's. */
const isInstanceStorage = (model: string, links: readonly string[]): boolean =>
  /Instance Storage/.test(model) ||
  model.startsWith("Microsoft NVMe Direct Disk") ||
  model === "nvme_card" ||
  links.some((link) => /\/google-local-|azure_resource$/.test(link));

/** What such a disk means, in words. */
export const lostAtStop = "ERASED when the machine is stopped";

/** A problem of the disk's name, as a sentence. */
export const renamedSentence = (configured: string, { path, stableName }: Disk): string =>
  `the homes' disk ${configured} is ${path} now; write \`device: ${stableName ?? path}\`${
    stableName === undefined ? "" : ", a name that stays"
  }`;
