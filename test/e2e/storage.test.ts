import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { bootLab, workshop } from "./support/lab.js";
import { snapshot } from "./support/machine-snapshot.js";
import { type Person, arrive } from "./support/user.js";

// The homes on a blank server of their own, outside the Swarm: node1. Each test goes on from the one before.
const lab = await bootLab("e2e-storage", 3, 1152, { prepared: true, blank: 1 });
const yamlWith = (storage: string): string => `name: outside
manager: node2
workers: [node3]
storage: ${storage}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const outside = yamlWith("{host: node1, device: /dev/ubdb, quota: 60M}");
const { swarmhub, folder } = await workshop(lab, outside);
const storage = "/srv/swarmhub";
const before = await snapshot(lab, 1);

/** Logs anna in and starts her server, which only a machine with her home can. */
const annaAtWork = async (): Promise<Person> => {
  const anna = await arrive(`https://${lab.address(2)}`, "anna");
  const start = await anna.start();
  if (!start.ready) throw new Error(start.told);
  return anna;
};

/** Runs a command in anna's server on the worker. */
const asAnna = (command: string): Promise<string> =>
  lab.on(3, `docker exec -i $(docker ps -q -f name=nb-anna) ${command}`);

test.after.always(() => lab.lab("down"));

test.serial(
  "up installs on the blank server what it needs, and leaves it out of the Swarm",
  async (t) => {
    const installed =
      "dpkg-query -W -f '${db:Status-Status} ${Package}\\n' | grep -cE '^installed (docker.io|nfs-kernel-server|xfsprogs)$' || true";
    t.is((await lab.on(1, installed)).trim(), "0");
    const { code, stderr, ms } = await swarmhub("up", "--yes");
    t.log(`up took ${Math.round(ms / 1000)} s`);
    t.is(code, 0, stderr);
    t.is((await lab.on(1, installed)).trim(), "3");
    t.is(await lab.on(1, "docker info -f '{{.Swarm.LocalNodeState}}'"), "inactive\n");
    t.is(await lab.on(1, "docker ps --format '{{.Names}}'"), "outside-quota\n");
    t.regex((await swarmhub("up")).stderr, /nothing had to change/);
    t.is((await swarmhub("status")).code, 0);
  },
);

test.serial(
  "a home made at first login lies there, limited, and a server on a worker sees it by NFS",
  async (t) => {
    const anna = await annaAtWork();
    await asAnna("sh -c 'echo hers >/home/jovyan/note'");
    t.is(await lab.on(1, `cat ${storage}/homes/anna/note`), "hers\n");
    t.is(
      await asAnna("df -B1M --output=size /home/jovyan | tail -n 1").then((size) => size.trim()),
      "60",
    );
    t.regex(await asAnna("grep ' /home/jovyan ' /proc/mounts"), / nfs4 .*\bhard\b/);
    t.regex(
      await asAnna(
        "sh -c 'dd if=/dev/zero of=/home/jovyan/big bs=1M count=90 conv=fsync; rm /home/jovyan/big' 2>&1",
      ),
      /No space left/,
    );
    t.is((await swarmhub("quota", "check")).code, 0);
    await anna.leave();
  },
);

test.serial(
  "whoever writes when the plug of the server is pulled waits, and goes on soon after it is back",
  async (t) => {
    await lab.write(
      3,
      "/root/wait.py",
      await readFile("test/e2e/support/homes/wait-for-storage.py", "utf8"),
    );
    const waiting = asAnna("python3 - /home/jovyan/times 400 </root/wait.py");
    await waitUntil(
      async () =>
        (await lab.on(1, `cat ${storage}/homes/anna/times 2>/dev/null || true`)) === ""
          ? undefined
          : true,
      { deadline: 30_000, otherwise: () => new Error("nothing is written") },
    );
    await lab.lab("kill", "1");
    await lab.lab("boot", "1");
    const active = "systemctl show -p ActiveEnterTimestamp --value nfs-server";
    const up = await waitUntil(
      () =>
        lab
          .on(1, `systemctl is-active -q nfs-server && date +%s -d "$(${active})" || true`)
          .then((time) => Number(time) || undefined),
      { deadline: 120_000, otherwise: () => new Error("the NFS server does not come back") },
    );
    const after = Number(await waiting) - up;
    t.log(`the writer went on ${after.toFixed(1)} s after the NFS server was back`);
    t.true(after < 40);
    // Docker starts the watcher anew until the disk is mounted, with growing pauses.
    await waitUntil(
      async () => ((await swarmhub("quota", "check")).code === 0 ? true : undefined),
      {
        deadline: 120_000,
        every: 2000,
        otherwise: () => new Error("the watcher stays away"),
      },
    );
    const again = await swarmhub("up");
    t.regex(again.stderr, /nothing had to change/);
  },
);

for (const [what, other] of Object.entries({
  temporary: "temporary",
  "on the manager": "{device: /dev/ubdb, quota: 60M}",
}))
  test.serial(`homes that become ${what} are refused while the server has them`, async (t) => {
    await writeFile(join(folder, "swarmhub.yaml"), yamlWith(other));
    for (const command of [["plan"], ["up", "--yes"]]) {
      const { code, stderr } = await swarmhub(...command);
      t.is(code, 3, stderr);
      t.regex(stderr, new RegExp(`are on the storage server ${lab.address(1)}, `));
      t.regex(stderr, /swarmhub down/);
    }
    await writeFile(join(folder, "swarmhub.yaml"), outside);
  });

test.serial("down leaves the server as it was, and the homes on its disk", async (t) => {
  const { code, stderr, ms } = await swarmhub("down", "--yes");
  t.log(`down took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  t.deepEqual(await snapshot(lab, 1), before);
  t.is(
    await lab.on(1, "mount -o ro /dev/ubdb /mnt && cat /mnt/homes/anna/note; umount /mnt"),
    "hers\n",
  );
});

test.serial("up again finds the homes there", async (t) => {
  const { code, stderr, ms } = await swarmhub("up", "--yes");
  t.log(`up took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  const anna = await annaAtWork();
  t.is(await asAnna("cat /home/jovyan/note"), "hers\n");
  t.is((await swarmhub("quota", "check")).code, 0);
  await anna.leave();
});
