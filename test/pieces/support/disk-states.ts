import type { Disk, Facts } from "../../../src/host/facts.js";
import { paths } from "../../../src/paths.js";
import { storage } from "../../../src/pieces/storage.js";
import type { DiskState } from "../../../src/pieces/storage/disk.js";
import {
  exportsFile,
  fenceScript,
  fenceUnit,
  nfsConfiguration,
} from "../../../src/pieces/storage/exports.js";
import { type classOf, machinesOf } from "../../support/class-of.js";

/** Bytes in a GB. */
export const gigabyte = 2 ** 30;

/** A blank disk, and the same disk with homes. */
export const blank: Disk = { path: "/dev/vdb", type: "disk", size: 20 * gigabyte, parts: [] };
export const homes: Disk = { ...blank, fileSystem: "xfs", label: "swarmhub", uuid: "6f1c" };

/** The disk state of a blank machine, and that of a finished one. */
export const nothing: DiskState = {
  device: blank,
  isRenamed: false,
  file: undefined,
  mounted: false,
  problem: undefined,
  isConfigured: false,
  source: undefined,
  mountedDisk: undefined,
  room: 0,
  size: 0,
  free: 0,
  enforced: false,
  exported: false,
  otherExports: [],
  lacksNfs42: false,
  folders: [],
  homes: [],
  blank: [],
};
export const mounted: DiskState = {
  ...nothing,
  device: homes,
  mounted: true,
  isConfigured: true,
  source: "/dev/vdb",
  room: 20 * gigabyte,
  size: 20 * gigabyte,
  free: 10 * gigabyte,
  enforced: true,
  exported: true,
  folders: ["homes", "owners", "pending", "fenced", "handouts", "limits", "groups", "trash"],
};

/** The files of a finished machine, for a manager and one worker. */
export const files = {
  [paths.fileSystemTable]: `/dev/vda1 / ext4 defaults 0 0
# Written by swarmhub: the homes of the class.
UUID=6f1c /srv/swarmhub xfs defaults,nofail,prjquota,x-systemd.before=nfs-server.service 0 0
`,
  [paths.nfsConfiguration]: nfsConfiguration,
  [paths.exports]: exportsFile(["10.77.0.11", "10.77.0.12"], "10.77.0.11"),
  [paths.fence]: fenceScript,
  [paths.fenceUnit]: fenceUnit,
};

/** The facts of a finished machine. */
export const facts: Partial<Facts> = {
  files,
  units: { "nfs-server.service": "active", "swarmhub-fence.service": "active" },
};

/** A class with a storage file of that many GB. */
export const fromFile = (size: number) => ({
  config: {
    storage: {
      kind: "persistent" as const,
      backing: { kind: "file" as const, size: (size * gigabyte) as never },
      quota: { default: (5 * gigabyte) as never, groups: {} },
      files: 200_000,
      trashDays: 30,
    },
  },
});

/** The steps of the storage piece. */
export const plan = (
  cluster: ReturnType<typeof classOf>,
  disk: DiskState,
  changes: Partial<Facts> = {},
) => storage.plan(cluster.config, { machines: machinesOf(cluster, changes), disk }, cluster);
