import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { waitUntil } from "../../src/wait.js";
import { bootLab, packages, workshop } from "./support/lab.js";
import { snapshot } from "./support/machine-snapshot.js";
import { type User, logInWithRetry } from "./support/user.js";

// The homes on node1, a blank server outside the Swarm. Each test continues from the previous one.
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
const sharing = yamlWith("{host: node1, device: /dev/ubdb, quota: 60M, share: true}");
const { swarmhub, folder } = await workshop(lab, outside);
const storage = "/srv/swarmhub";
const before = await snapshot(lab, 1);

/** Logs anna in and starts her server, which needs her home. */
const startServer = async (t: ExecutionContext): Promise<User> => {
  const anna = await logInWithRetry(`https://${lab.address(2)}`, "anna");
  t.teardown(() => anna.close());
  const start = await anna.start();
  if (!start.ready) throw new Error(start.output);
  return anna;
};

/** Runs a command in anna's server on the worker. */
const inServer = (command: string): Promise<string> =>
  lab.on(3, `docker exec -i $(docker ps -q -f name=nb-anna) ${command}`);

test.after.always(() => lab.lab("down"));

test.serial(
  "up installs the packages of the storage server, which does not join the Swarm",
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
  "a home of a first login is on the storage server, has a limit, and is mounted with NFS on the worker",
  async (t) => {
    await startServer(t);
    await inServer("sh -c 'echo hers >/home/jovyan/note'");
    t.is(await lab.on(1, `cat ${storage}/homes/anna/note`), "hers\n");
    t.is(
      await inServer("df -B1M --output=size /home/jovyan | tail -n 1").then((size) => size.trim()),
      "60",
    );
    t.regex(await inServer("grep ' /home/jovyan ' /proc/mounts"), / nfs4 .*\bhard\b/);
    t.regex(
      await inServer(
        "sh -c 'dd if=/dev/zero of=/home/jovyan/big bs=1M count=90 conv=fsync; rm /home/jovyan/big' 2>&1",
      ),
      /No space left/,
    );
    t.is((await swarmhub("quota", "check")).code, 0);
  },
);

test.serial(
  "a write during a power cut of the storage server waits, and continues soon after the boot",
  async (t) => {
    await lab.write(
      3,
      "/root/wait.py",
      await readFile("test/e2e/support/homes/wait-for-storage.py", "utf8"),
    );
    const writing = inServer("python3 - /home/jovyan/times 400 </root/wait.py");
    await waitUntil(
      async () =>
        (await lab.on(1, `cat ${storage}/homes/anna/times 2>/dev/null || true`)) === ""
          ? undefined
          : true,
      { deadline: 30_000, otherwise: () => new Error("the program writes nothing") },
    );
    await lab.lab("kill", "1");
    await lab.lab("boot", "1");
    const active = "systemctl show -p ActiveEnterTimestamp --value nfs-server";
    const up = await waitUntil(
      () =>
        lab
          .on(1, `systemctl is-active -q nfs-server && date +%s -d "$(${active})" || true`)
          .then((time) => Number(time) || undefined),
      { deadline: 120_000, otherwise: () => new Error("the NFS server does not start") },
    );
    const after = Number(await writing) - up;
    t.log(`the write continued ${after.toFixed(1)} s after the start of the NFS server`);
    t.true(after < 40);
    // Docker restarts the watcher until the disk is mounted, with growing pauses.
    await waitUntil(
      async () => ((await swarmhub("quota", "check")).code === 0 ? true : undefined),
      {
        deadline: 120_000,
        every: 2000,
        otherwise: () => new Error("the watcher does not run"),
      },
    );
    const again = await swarmhub("up");
    t.regex(again.stderr, /nothing had to change/);
  },
);

for (const [kind, storageYaml] of Object.entries({
  "temporary homes": "temporary",
  "homes on the manager": "{device: /dev/ubdb, quota: 60M}",
}))
  test.serial(`${kind} are refused while the storage server has the homes`, async (t) => {
    await writeFile(join(folder, "swarmhub.yaml"), yamlWith(storageYaml));
    for (const command of [["plan"], ["up", "--yes"]]) {
      const { code, stderr } = await swarmhub(...command);
      t.is(code, 3, stderr);
      t.regex(stderr, new RegExp(`are on the storage server ${lab.address(1)}, `));
      t.regex(stderr, /swarmhub down/);
    }
    await writeFile(join(folder, "swarmhub.yaml"), outside);
  });

test.serial("down restores the storage server, and keeps the homes on its disk", async (t) => {
  const { code, stderr, ms } = await swarmhub("down", "--yes");
  t.log(`down took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  t.deepEqual(await snapshot(lab, 1), before);
  t.is(
    await lab.on(1, "mount -o ro /dev/ubdb /mnt && cat /mnt/homes/anna/note; umount /mnt"),
    "hers\n",
  );
});

// node1 then serves a folder to node4, which is not in the class.
const music = "/srv/music";
let owners: Record<string, string[]>;
const nfsStart = (): Promise<string> =>
  lab.on(1, "systemctl show -p ActiveEnterTimestampMonotonic --value nfs-server");

/** node4 reads and writes the folder each second until something fails. The pauses between its writes are short until now. */
const goesOn = async (t: ExecutionContext): Promise<void> => {
  t.is(await lab.on(4, "systemctl is-active listener || true"), "active\n");
  const pause = Number(
    await lab.on(
      1,
      `{ cat ${music}/times; date +%s; } | awk 'NR > 1 && $1 - last > most { most = $1 - last } { last = $1 } END { print most }'`,
    ),
  );
  t.log(`the longest pause of the other client was ${pause} s`);
  t.true(pause < 30);
};

test.serial(
  "a storage host that serves NFS to others is refused by check, plan and up, with the choice",
  async (t) => {
    await lab.lab("up", "4", "--memory", "384", "--packages", packages);
    await lab.on(
      1,
      `set -e
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends nfs-kernel-server
install -d -m 777 ${music}
echo la >${music}/song
echo '${music} ${lab.address(4)}(rw,sync,no_subtree_check)' >>/etc/exports
exportfs -ra`,
    );
    // With NFSv3 too, which the class's own settings turn off.
    await lab.on(
      4,
      `set -e
mkdir /media/three /media/four
mount -t nfs -o vers=3,nolock ${lab.address(1)}:${music} /media/three
mount -t nfs -o vers=4.2 ${lab.address(1)}:${music} /media/four
cat >/root/listen <<'program'
while date +%s >>/media/four/times && cat /media/three/song; do sleep 1; done
program
systemd-run -q --unit=listener sh /root/listen`,
    );
    owners = await snapshot(lab, 1);
    for (const command of [["check"], ["plan"], ["up", "--yes"]]) {
      const { code, stdout, stderr } = await swarmhub(...command);
      t.is(code, 3, stdout + stderr);
      const text = (stdout + stderr).replace(/\s+/g, " ");
      t.regex(text, /its NFS server serves 1 folder of others \(\/srv\/music\)/, command[0]);
      t.regex(text, /name another machine in `storage: host`, or write `share: true`/, command[0]);
    }
    t.deepEqual(await snapshot(lab, 1), owners);
    await goesOn(t);
  },
);

test.serial(
  "with share: true, up uses these homes again, and the other client goes on meanwhile",
  async (t) => {
    await writeFile(join(folder, "swarmhub.yaml"), sharing);
    const started = await nfsStart();
    const { code, stderr, ms } = await swarmhub("up", "--yes");
    t.log(`up took ${Math.round(ms / 1000)} s`);
    t.is(code, 0, stderr);
    await startServer(t);
    t.is(await inServer("cat /home/jovyan/note"), "hers\n");
    t.is((await swarmhub("quota", "check")).code, 0);
    t.regex((await swarmhub("up")).stderr, /nothing had to change/);
    const status = await swarmhub("status");
    t.is(status.code, 0, status.stdout);
    t.is(await nfsStart(), started, "the NFS server has not restarted");
    await goesOn(t);
    const homes = `mount -t nfs -o vers=4.2 ${lab.address(1)}:${storage} /mnt 2>&1; true`;
    t.regex(await lab.on(4, homes), /denied|No such file/, "it may not mount the homes");
  },
);

test.serial("down leaves the storage host as before, which serves the other client", async (t) => {
  const { code, stderr } = await swarmhub("down", "--yes");
  t.is(code, 0, stderr);
  t.deepEqual(await snapshot(lab, 1), owners);
  await goesOn(t);
});
