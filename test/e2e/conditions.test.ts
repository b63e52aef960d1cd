import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type Server, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import test from "ava";
import { waitUntil } from "../../src/wait.js";
import { newNotebook, openBrowser, openJupyterLab, runCell } from "./support/browser.js";
import { classIn, waitForNoDrift } from "./support/class.js";
import { bootLab, roomPassword, workshop } from "./support/lab.js";
import { snapshot } from "./support/machine-snapshot.js";

// A class of two machines with other people's firewalls, cables, disks and shells. Each test continues from the previous one.
const both = "second-card,docker-subnet,narrow";
const lab = await bootLab("e2e-conditions", 2, 1792, {
  conditions: [`ufw,banner,separate-var,${both}`, `netfilter-persistent,fish,${both}`],
});

/** A server beyond the narrow cable: it sends 3 MB, and answers how much it was sent. */
const beyond: Server = createServer((incoming, answer) => {
  if (incoming.method === "GET") answer.end(Buffer.alloc(3_000_000, "x"));
  else void buffer(incoming).then((sent) => answer.end(String(sent.length)));
});
beyond.listen(0, lab.operator);
await once(beyond, "listening");
const exception = `${lab.operator}:${(beyond.address() as AddressInfo).port}`;

const yaml = `name: hall
manager: node1
workers: [node2]
storage: {device: /dev/ubdb, quota: 60M}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1, network: {access: none, except: ["${exception}"]}}
engine: {registry-mirrors: ["http://${lab.registry}"], own-images: docker.io/swarmhub, address-pool: 10.210.0.0/16}
`;
const { swarmhub, folder } = await workshop(lab, yaml);
const browser = await openBrowser(lab);
const address = `https://${lab.address(1)}`;
// That of node1's second card.
const publicAddress = "198.51.100.11";
const { logIn, nodeOf } = classIn(lab);
const guests = [1, 2];
let opening: string[] = [];
let before: Record<string, string[]>[] = [];

test.after.always(async () => {
  await browser.close();
  beyond.close();
  await lab.lab("down");
});

test.serial("check names the ports that ufw closes, and how to open them", async (t) => {
  const { code, stdout, stderr } = await swarmhub("check");
  t.log(stdout);
  t.is(code, 3, stdout + stderr);
  t.regex(stdout, /2377\/tcp[^\n]* of node1 \(10\.77\.\d+\.11\) cannot be reached: no answer/);
  opening = [
    ...new Set(stdout.replace(/\s+/g, " ").match(/(?<=on node1: `sudo )ufw allow from [\d.]+/g)),
  ];
  t.is(opening.length, 1, "node1 lets in node2");
  t.regex(stdout, /\/var/, "the room is measured where /var is");
});

test.serial("plan and up refuse in the same way, before the first step", async (t) => {
  const { code, stdout, stderr } = await swarmhub("up", "--yes");
  t.is(code, 3, stdout + stderr);
  t.regex(stderr, /of node1 \(10\.77\.\d+\.11\) cannot be reached: no answer/);
  t.is(await lab.on(1, "command -v docker || true"), "");
});

test.serial("when the owner has opened them, check finds no error", async (t) => {
  // The second line lets more in than the class needs, so that only our own rules close the class's ports to others.
  const network = lab.address(0).replace(/\.10$/, ".0/24");
  await lab.on(1, [...opening, `ufw allow from ${network}`].join("\n"));
  before = await Promise.all(guests.map((guest) => snapshot(lab, guest)));
  const { code, stdout, stderr } = await swarmhub("check");
  t.log(stdout);
  t.is(code, 0, stdout + stderr);
  t.regex(stdout, /with packets of 1400 bytes/, "as large as the cable lets through");
  t.regex(stdout, /all clocks agree within \d/, "although a login's shell prints a line first");
  // The configuration names an alias of ssh's.
  t.true(
    stdout.includes(
      `browsers reach the class at ${address}; if they need another address, as behind NAT or a jump host, write it as public-address`,
    ),
  );
});

test.serial("up makes a class, whose second up has nothing to do", async (t) => {
  const { code, stderr, ms } = await swarmhub("up", "--yes");
  t.log(stderr);
  t.log(`up took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  t.regex((await swarmhub("up")).stderr, /nothing had to change/);
});

test.serial(
  "Docker's networks are in the address pool, and the campus's are reached",
  async (t) => {
    for (const guest of guests) {
      const routes = await lab.on(guest, "ip route");
      t.regex(routes, /^10\.210\.\d+\.0\/\d+ dev docker_gwbridge /m, routes);
      t.notRegex(routes, /^172\.1[78]\.\S+ dev docker/m, routes);
      t.regex(await lab.on(guest, "ip route get 172.17.0.5"), /dev vec0 src 10\.77\./);
    }
  },
);

test.serial("the machines use the private network, and not the public card", async (t) => {
  const status = await lab.on(1, "docker node inspect node1 node2 -f '{{.Status.Addr}}'");
  t.deepEqual(status.trim().split("\n"), [lab.address(1), lab.address(2)]);
});

test.serial(
  "the class is shown at its public-address, and its certificate is for that",
  async (t) => {
    await writeFile(join(folder, "swarmhub.yaml"), `${yaml}public-address: ${publicAddress}\n`);
    const shown = `https://${publicAddress}`;
    const check = await swarmhub("check");
    t.is(check.code, 0, check.stdout + check.stderr);
    t.regex(check.stdout, new RegExp(`browsers reach the class at ${shown}$`, "m"));
    const up = await swarmhub("up", "--yes");
    t.is(up.code, 0, up.stderr);
    t.regex(up.stderr, new RegExp(`open ${shown}$`, "m"));
    const status = await swarmhub("status");
    t.is(status.code, 0, status.stdout);
    t.regex(status.stdout, new RegExp(`^hall +${shown}$`, "m"));
    t.is((await swarmhub("open")).stdout, `${shown}\n`);
    const names = `curl -skf -o /dev/null ${shown}/hub/login &&
openssl s_client -connect ${publicAddress}:443 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName`;
    await waitUntil(
      async () => {
        const served = await lab.lab("exec", "sh", "-c", names);
        return served.split(/[\s,]+/).includes(`Address:${publicAddress}`) ? true : undefined;
      },
      { deadline: 60_000, every: 1000, otherwise: () => new Error("no certificate for it") },
    );
  },
);

/** What a cell of the user's reaches. */
const reachFromCell = async (): Promise<string> => {
  const page = await openJupyterLab(browser, address, "anna", roomPassword);
  try {
    await newNotebook(page);
    return await runCell(page, cell);
  } finally {
    await page.context().close();
  }
};
// One print at the end, since the output is read when its first line is there.
const cell = `import os, socket, urllib.request as web
url = "http://${exception}/"
got = len(web.urlopen(url, timeout=60).read())
sent = web.urlopen(web.Request(url, data=os.urandom(2000000)), timeout=60).read().decode()
reached = []
for place in [("${lab.registry.split(":")[0]}", 5000), ("172.17.0.5", 80), ("${lab.operator}", 22), ("${lab.address(1)}", 2049), ("9.9.9.9", 53)]:
    try: socket.create_connection(place, 3)
    except OSError: continue
    reached.append(place)
print("got", got, "sent", sent, "reached", reached)`;
const onlyTheException = "got 3000000 sent 2000000 reached []";

test.serial(
  "a cell gets and sends megabytes through the one exception, and reaches nothing else",
  async (t) => {
    t.is(await reachFromCell(), onlyTheException);
  },
);

test.serial(
  "a container on Docker's own bridge, as builds use it, gets megabytes, too",
  async (t) => {
    const program = `import urllib.request as web; print(len(web.urlopen("http://${exception}/", timeout=60).read()))`;
    const argv = `docker run --rm --network bridge --entrypoint python3 ${lab.image} -c '${program}'`;
    t.is((await lab.on(2, argv)).trim(), "3000000");
  },
);

test.serial("a student uploads and downloads megabytes over the narrow cable", async (t) => {
  const anna = await logIn("anna");
  t.teardown(() => anna.close());
  await anna.readPage("/user/anna/lab");
  const content = Buffer.alloc(2_000_000, "student").toString("base64");
  const path = "/user/anna/api/contents/big.bin";
  const sent = await anna.request("PUT", path, { type: "file", format: "base64", content });
  t.is(sent.status, 201, sent.body);
  const got = await anna.request("GET", `${path}?content=1&format=base64`);
  t.is((JSON.parse(got.body) as { content: string }).content.replaceAll("\n", ""), content);
  t.is(await nodeOf("anna"), "node2");
});

// NFS, Swarm, the registry of built images and the monitor.
const closed: [guest: number, port: number][] = [
  ...[2049, 2377, 7946, 20_500].map((port): [number, number] => [1, port]),
  ...[7946, 20_501].map((port): [number, number] => [2, port]),
];

/** The ports that answer this machine, which is in the network that ufw and the owner's rules let in. */
const answeringPorts = async (): Promise<string[]> => {
  const found = await Promise.all(
    closed.map(async ([guest, port]) => {
      const attempt = `timeout 3 bash -c '</dev/tcp/${lab.address(guest)}/${port}' 2>/dev/null; echo $?`;
      const result = (await lab.lab("exec", "sh", "-c", attempt)).trim();
      return result === "124" ? [] : [`node${guest}:${port} ended with ${result}`];
    }),
  );
  return found.flat();
};

test.serial("the class's ports are closed to others", async (t) => {
  t.regex(await lab.on(1, "ss -Hlnt"), /:2049 /);
  t.deepEqual(await answeringPorts(), []);
});

test.serial(
  "they are closed again after the owners reload their firewalls, and users stay isolated",
  async (t) => {
    await lab.on(1, "ufw reload");
    await lab.on(2, "netfilter-persistent reload");
    await waitUntil(
      async () => {
        const rules = await Promise.all(guests.map((guest) => lab.on(guest, "iptables -w -S")));
        return rules.every((each) => each.includes("-j SWARMHUB-INPUT")) ? true : undefined;
      },
      {
        deadline: 30_000,
        every: 500,
        otherwise: () => new Error("the rules are not loaded again"),
      },
    );
    t.deepEqual(await answeringPorts(), []);
    t.regex(await lab.on(2, "iptables -w -S"), /rule of the owner/);
    const status = await swarmhub("status");
    t.is(status.code, 6, status.stdout);
    t.regex(status.stdout, /node2: restart Docker/, "the reload removed Docker's rules, too");
    t.notRegex(status.stdout, /node1: restart Docker/, "ufw removes only its own");
    const up = await swarmhub("up", "--yes");
    t.is(up.code, 0, up.stderr);
    t.is(await reachFromCell(), onlyTheException);
    const { code, stdout } = await swarmhub("status");
    t.is(code, 0, stdout);
  },
);

test.serial("after a power cut of the worker its owner's rules and ours are there", async (t) => {
  await lab.lab("kill", "2");
  await lab.lab("boot", "2");
  const rules = await lab.on(2, "iptables -w -S");
  t.regex(rules, /rule of the owner/);
  t.regex(rules, /-j SWARMHUB-INPUT/);
  t.deepEqual(await answeringPorts(), []);
  t.is(await reachFromCell(), onlyTheException);
  const { code, stdout } = await swarmhub("status");
  t.is(code, 0, stdout);
});

test.serial("after a power cut of the manager the class is up again", async (t) => {
  await lab.lab("kill", "1");
  await lab.lab("boot", "1");
  await waitForNoDrift(swarmhub);
  t.deepEqual(await answeringPorts(), []);
});

test.serial("down leaves the machines as before, with the rules of their owners", async (t) => {
  const { code, stderr } = await swarmhub("down");
  t.is(code, 0, stderr);
  t.deepEqual(await Promise.all(guests.map((guest) => snapshot(lab, guest))), before);
});
