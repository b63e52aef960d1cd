import { spawnSync } from "node:child_process";
import test from "ava";
import { paths } from "../../../src/paths.js";
import { homesErasure, storage } from "../../../src/pieces/storage.js";
import { remainingHomes } from "../../../src/pieces/storage/erase.js";
import { fstabLine } from "../../../src/pieces/storage/fstab.js";
import { identityScript, withIdentities } from "../../../src/pieces/storage/identity.js";
import { classOf, describeSteps, planError } from "../../support/class-of.js";
import { fakeCluster, fakeFacts, fakeHost, persistentStorage } from "../../support/fakes.js";
import { blank, files, gigabyte, homes, nothing, plan } from "../support/disk-states.js";
import { shellProblems } from "../support/shell.js";

const config = { storage: persistentStorage({ backing: { kind: "device", path: "/dev/sdb" } }) };
const onC = { ...homes, path: "/dev/sdc" };
const byId = "/dev/disk/by-id/scsi-0DO_Volume_homes";
const table = (name = "/dev/sdb") =>
  `# Written by swarmhub: the homes of the class, on ${name}.\n${fstabLine("UUID=6f1c")}\n`;

/** The storage piece on a manager with these disks, whose inspection prints this. */
const inspected = async (
  output: string,
  { disks = [onC], fstab = table(), mounts = true } = {},
) => {
  const facts = fakeFacts({
    disks,
    files: { ...files, [paths.fileSystemTable]: fstab },
    ...(mounts && {
      mounts: [{ source: "/dev/sdc", target: paths.storage, type: "xfs", options: ["rw"] }],
    }),
    quotaState: "  Enforcement: ON",
  });
  const host = fakeHost("manager", { facts, answers: [["readlink", output]] });
  const cluster = fakeCluster(host, [], { config });
  return { cluster, have: await storage.inspect(cluster) };
};
const mounted = `path /dev/sdb
source /dev/sdc
room 21474836480
answers
free 10737418240
link ${byId} ../../sdc
`;

test("a disk that the kernel named anew is known by its UUID, and the name that stays is proposed", async (t) => {
  const { cluster, have } = await inspected(mounted);
  t.true(have.disk.isConfigured);
  t.is(have.disk.device?.path, "/dev/sdc");
  t.false(
    describeSteps(storage.plan(cluster.config, have, cluster)).some((step) =>
      /format|mount/.test(step),
    ),
  );
  t.deepEqual(storage.problems?.(have, cluster), [
    `manager: the homes' disk /dev/sdb is /dev/sdc now; write \`device: ${byId}\`, a name that stays`,
  ]);
});

test("it is also known when the configured name is another disk now, and before it is mounted", async (t) => {
  const disks = [{ ...blank, path: "/dev/sdb" }, onC];
  const { cluster, have } = await inspected("path /dev/sdb\nprobed /dev/sdb\n", {
    disks,
    mounts: false,
  });
  t.deepEqual(
    describeSteps(storage.plan(cluster.config, have, cluster))[0],
    "manager: mount /dev/sdb at /srv/swarmhub (keeps its homes; with project quota, at every boot)",
  );
});

test("a disk that the operator wrote instead of the mounted one is still refused", async (t) => {
  const disks = [{ ...blank, path: "/dev/sdb" }, onC];
  const { cluster, have } = await inspected(mounted, { disks, fstab: table("/dev/sdc") });
  const error = planError(t, () => storage.plan(cluster.config, have, cluster));
  t.regex(error.message, /^manager: \/dev\/sdc is mounted at .* the configuration says \/dev\/sdb/);
  t.regex(error.hint ?? "", new RegExp(byId));
});

test("`down --delete-homes` refuses a disk with another name than the configured one, and erases nothing", async (t) => {
  for (const { cluster, have } of [
    await inspected(mounted),
    await inspected("path /dev/sdb\nprobed /dev/sdc\nprobe TYPE=xfs\nprobe LABEL=swarmhub\n", {
      fstab: "",
      mounts: false,
    }),
  ]) {
    const error = planError(t, () => homesErasure.remove(have, cluster));
    t.is(
      error.message,
      "manager: the homes are on /dev/sdc (20 GB), but the configuration says /dev/sdb; nothing is erased",
    );
    t.regex(error.hint ?? "", /`device: .*`, then: `swarmhub down --delete-homes`/);
  }
});

test("after `down --delete-homes` each disk that still has homes is named", async (t) => {
  const { cluster } = await inspected(
    "path /dev/sdb\nprobed /dev/sdc\nprobe TYPE=xfs\nprobe LABEL=swarmhub\n",
    { fstab: "", mounts: false },
  );
  t.deepEqual(await remainingHomes(cluster), [
    "manager: /dev/sdc (20 GB) still has homes of a class; if nobody needs them: `sudo wipefs --all /dev/sdc`",
  ]);
});

test("disks have stable names and models, and those that a provider erases at a stop are marked", (t) => {
  const disks = ["nvme0n1", "nvme1n1", "sda", "sdb", "sdc"].map((name) => ({
    ...blank,
    path: `/dev/${name}`,
  }));
  const found = withIdentities(
    disks,
    `link /dev/disk/by-id/nvme-eui.0000 ../../nvme0n1
link /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a ../../nvme0n1
link /dev/disk/by-id/google-local-ssd-0 ../../sda
link /dev/disk/cloud/azure_resource ../../sdb
model /dev/nvme0n1 Amazon\\x20Elastic\\x20Block\\x20Store
model /dev/nvme1n1 Amazon\\x20EC2\\x20NVMe\\x20Instance\\x20Storage
model /dev/sdc nvme_card-pd
`,
  );
  t.deepEqual(
    found.map(({ stableName, model, isLostAtStop = false }) => [stableName, model, isLostAtStop]),
    [
      [
        "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a",
        "Amazon Elastic Block Store",
        false,
      ],
      [undefined, "Amazon EC2 NVMe Instance Storage", true],
      ["/dev/disk/by-id/google-local-ssd-0", undefined, true],
      [undefined, undefined, true],
      [undefined, "nvme_card-pd", false],
    ],
  );
});

test("the list of blank disks has these names and models, and the question before formatting warns", (t) => {
  const local = {
    ...blank,
    path: "/dev/nvme1n1",
    model: "NVMe Instance Storage",
    isLostAtStop: true,
  };
  const volume = { ...blank, stableName: byId, model: "Volume", size: 50 * gigabyte };
  const unnamed = classOf(0, {
    config: { storage: persistentStorage({ backing: { kind: "unnamed" } }) },
  });
  const error = planError(t, () =>
    plan(unnamed, { ...nothing, device: undefined, blank: [volume, local] }),
  );
  t.regex(
    error.hint ?? "",
    new RegExp(`  device: ${byId}   # 50 GB, Volume, /dev/vdb
  device: /dev/nvme1n1   # 20 GB, NVMe Instance Storage, ERASED when the machine is stopped$`),
  );
  const [format] = plan(classOf(0), { ...nothing, device: { ...local, path: "/dev/vdb" } });
  t.regex(format?.destroys ?? "", /20 GB, NVMe Instance Storage; .*; homes on it are ERASED when/);
});

test("the script that reads the disks' identities passes shellcheck and runs here", (t) => {
  t.is(shellProblems(identityScript), "");
  t.is(spawnSync("sh", ["-s"], { input: `set -u\n${identityScript}\ntrue` }).status, 0);
});
