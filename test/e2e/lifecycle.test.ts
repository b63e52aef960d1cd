import test from "ava";
import {
  newNotebook,
  openBrowser,
  openJupyterLab,
  runCell,
  saveNotebook,
  saveScreenshot,
} from "./support/browser.js";
import { whileStepRuns } from "./support/interrupt-steps.js";
import { bootLab, roomPassword, workshop } from "./support/lab.js";
import { snapshot } from "./support/machine-snapshot.js";

// The lifecycle of a class, in the order of the README, on one lab. Each test continues from the previous one.
const lab = await bootLab("e2e", 3, 2048);
const yaml = `name: geo-101
manager: node1
workers: [node2, node3]
storage: {device: /dev/ubdb, quota: 100M}
login: {shared-password: from-env ROOM_PASSWORD, admins: [ada]}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"], own-images: docker.io/swarmhub}
`;
const { swarmhub, start } = await workshop(lab, yaml);
const guests = [1, 2, 3];
const address = `https://${lab.address(1)}`;
const before = await Promise.all(guests.map((guest) => snapshot(lab, guest)));
const browser = await openBrowser(lab);

test.after.always(async () => {
  await browser.close();
  await lab.lab("down");
});

test.serial("check finds no error on three blank machines", async (t) => {
  const { code, stdout, stderr } = await swarmhub("check");
  t.is(code, 0, stdout + stderr);
});

test.serial("up turns them into a class and prints its address", async (t) => {
  const { code, stdout, stderr, ms } = await swarmhub("up", "--yes");
  t.log(stderr);
  t.log(`up took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  t.is(stdout.trim(), address);
});

test.serial("up again has nothing to do", async (t) => {
  const { code, stderr, ms } = await swarmhub("up");
  t.log(`it took ${Math.round(ms)} ms`);
  t.is(code, 0, stderr);
  t.regex(stderr, /nothing had to change/);
});

test.serial(
  "a user logs in with a browser, gets a server on a worker, runs a cell and saves the notebook",
  async (t) => {
    const page = await openJupyterLab(browser, address, "alice", roomPassword);
    await newNotebook(page);
    const answer = await runCell(page, "import shutil; print(6 * 7, shutil.disk_usage('.').total)");
    t.is(answer, `42 ${100 * 2 ** 20}`, "the notebook sees the quota as the size of its disk");
    await saveNotebook(page);
    await saveScreenshot(page, "lifecycle");

    const nodes = await lab.on(1, "docker service ps --format '{{.Node}}' geo-101-nb-alice");
    t.regex(nodes, /^node[23]$/m);
    const notebook = await lab.on(1, "cat /srv/swarmhub/homes/alice/Untitled.ipynb");
    t.regex(notebook, /42 104857600/, "the notebook is on the manager's disk");
    const limits = await lab.on(
      1,
      "xfs_quota -D /dev/null -P /dev/null -x -c 'report -p -n -N -b' /srv/swarmhub",
    );
    t.regex(limits, / 102400 /, "with a limit of 100 MB");
    await page.context().close();
  },
);

test.serial(
  "a write beyond the quota fails with ENOSPC, and the notebook is unchanged",
  async (t) => {
    const page = await openJupyterLab(browser, address, "alice", roomPassword);
    await newNotebook(page);
    const answer = await runCell(
      page,
      "import os\ntry: open('big', 'wb').write(bytes(200 << 20))\nexcept OSError as error: print(error)\nos.remove('big')",
    );
    t.regex(answer, /No space left on device/);
    t.regex(await lab.on(1, "cat /srv/swarmhub/homes/alice/Untitled.ipynb"), /42 104857600/);
    await page.context().close();
  },
);

test.serial("a user's container cannot reach NFS, the Swarm or the metadata service", async (t) => {
  const node = (await lab.on(1, "docker service ps --format '{{.Node}}' geo-101-nb-alice")).trim();
  const guest = Number(node.replace("node", ""));
  const container = (await lab.on(guest, "docker ps -q -f name=nb-alice")).trim();
  const targets = [
    ...guests.flatMap((other) => [2049, 2377, 7946].map((port) => [lab.address(other), port])),
    ["169.254.169.254", 80],
  ];
  const program = [
    "import socket",
    `for host, port in ${JSON.stringify(targets)}:`,
    "    try: socket.create_connection((host, port), 3); print(host, port, 'reached')",
    "    except TimeoutError: print(host, port, 'no answer')",
    "    except OSError as error: print(host, port, error)",
    "s = socket.create_connection(('hub', 8081), 3); print('hub reached')",
  ].join("\n");
  const answer = await lab.on(
    guest,
    `docker exec ${container} python3 -c ${JSON.stringify(program).replaceAll("\\n", "\n")}`,
  );
  t.regex(answer, /hub reached/, "a server needs the hub");
  t.deepEqual(
    answer.split("\n").filter((line) => line !== "" && !line.endsWith("no answer")),
    ["hub reached"],
  );
});

test.serial("a user's request is answered within 5 s after a restart of the hub", async (t) => {
  const page = await openJupyterLab(browser, address, "alice", roomPassword);
  await lab.on(1, "docker kill $(docker ps -q -f name=hub.1)");
  await lab.on(
    1,
    'for i in $(seq 300); do c=$(docker ps -q -f name=hub.1); [ -n "$c" ] && docker exec $c python3 -c "import urllib.request as r; r.urlopen(\'http://127.0.0.1:8081/hub/health\')" 2>/dev/null && exit 0; sleep 0.2; done; exit 1',
  );
  const started = performance.now();
  const response = await page.request.get(`${address}/user/alice/api/status`, { timeout: 5000 });
  t.log(`answered ${response.status()} after ${Math.round(performance.now() - started)} ms`);
  t.is(response.status(), 200);
  await page.context().close();
});

test.serial(
  "status finds no drift and lists the running servers; a stopped part is drift",
  async (t) => {
    const good = await swarmhub("status", "--json");
    t.is(good.code, 0, good.stdout + good.stderr);
    t.deepEqual((JSON.parse(good.stdout) as { users: string[] }).users, ["alice"]);
    await lab.on(1, "docker rm -f geo-101-quota");
    const drift = await swarmhub("status");
    t.is(drift.code, 6);
    t.regex(drift.stdout, /quota +differs/);
    const repaired = await swarmhub("up");
    t.is(repaired.code, 0, repaired.stderr);
  },
);

test.serial(
  "a lost connection during up is one error with machine and step; others finish, and up can be repeated",
  async (t) => {
    const slow = "/etc/systemd/system/swarmhub-firewall.service.d";
    await lab.on(
      2,
      `mkdir ${slow}; printf '[Service]\\nExecStartPre=sleep 300\\n' >${slow}/slow.conf; systemctl daemon-reload`,
    );
    for (const guest of [2, 3]) await lab.on(guest, "systemctl stop swarmhub-firewall");
    const { code, done, stderr } = await whileStepRuns(start("--json", "up"), "node2", () =>
      lab.lab("cut", "2"),
    );
    t.log(stderr.trim());
    t.is(code, 5);
    t.regex(stderr, /^ {2}node2: load the firewall rules: the connection was lost/m);
    t.deepEqual(done, ["node3: load the firewall rules"]);

    await lab.lab("mend", "2");
    await lab.on(2, `rm -r ${slow}; systemctl daemon-reload`);
    const repeated = await swarmhub("up");
    t.is(repeated.code, 0, repeated.stderr);
  },
);

test.serial("down restores the machines and keeps the homes", async (t) => {
  const { code, stderr, ms } = await swarmhub("down");
  t.log(`down took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  const after = await Promise.all(guests.map((guest) => snapshot(lab, guest)));
  t.deepEqual(after, before);
  const notebook = "mount -o ro /dev/ubdb /mnt && cat /mnt/homes/alice/Untitled.ipynb; umount /mnt";
  t.regex(await lab.on(1, notebook), /42 104857600/);
});
