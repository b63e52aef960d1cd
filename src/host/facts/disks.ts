import { z } from "zod";
import type { Disk, Facts, FreeSpace } from "../facts.js";

const nullable = z.string().nullish();
const disk = z.object({
  name: z.string(),
  type: z.string(),
  size: z.coerce.number(),
  fstype: nullable,
  label: nullable,
  uuid: nullable,
  pttype: nullable,
  get children() {
    return z.array(disk).optional();
  },
});
type RawDisk = z.infer<typeof disk>;

/** The disks in the output of lsblk. */
export const disksOf = (json: string): Disk[] =>
  json === ""
    ? []
    : z
        .object({ blockdevices: z.array(disk) })
        .parse(JSON.parse(json))
        .blockdevices.map(diskOf);

const diskOf = (raw: RawDisk): Disk => ({
  path: raw.name,
  type: raw.type,
  size: raw.size,
  ...(raw.fstype && { fileSystem: raw.fstype }),
  ...(raw.label && { label: raw.label }),
  ...(raw.uuid && { uuid: raw.uuid }),
  ...(raw.pttype && { partitionTable: raw.pttype }),
  parts: (raw.children ?? []).map(diskOf),
});

/** File systems as `stat -f` prints them: the root's, that of our state, then Docker's, which may be one. */
export const freeSpaceOf = (rows: string[][]): Pick<Facts, "freeForHomes" | "dockerDisks"> => {
  const [root, state = root, ...others] = rows.map(([id = "", ...words]) => {
    const [size = 0, blocks = 0, free = 0, freeForRoot = 0, files = 0, freeFiles = 0] =
      words.map(Number);
    const space: FreeSpace = {
      path: words[6] ?? "/",
      bytes: size * blocks,
      freeBytes: size * free,
      freeForRoot: size * freeForRoot,
      files,
      freeFiles,
    };
    return { id, space };
  });
  const docker = others.filter(
    ({ id }, index) => others.findIndex((other) => other.id === id) === index,
  );
  return {
    freeForHomes: state?.space.freeBytes ?? 0,
    dockerDisks: docker.map(({ space }) => space),
  };
};
