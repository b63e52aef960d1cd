import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { assetPath } from "../../src/operator/assets.js";
import { waitUntil } from "../../src/wait.js";
import { classIn } from "./support/class.js";
import { bootLab, workshop } from "./support/lab.js";

// A class whose machines reach nothing but their own network and a proxy there, which first their owner names to apt and Docker, and
// then the key `proxy`. Each test continues from the previous one.
const lab = await bootLab("e2e-proxy", 2, 2048, { prepared: true });
const gateway = lab.address(1).replace(/\d+$/, "1");
const proxy = `http://${gateway}:3128`;
const yaml = (value: string) => `name: proxied
manager: node1
workers: [node2]
storage: temporary
login: {shared-password: from-env ROOM_PASSWORD}
servers: {build: ./image, memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
${value}
`;
const { swarmhub, folder } = await workshop(lab, yaml(""));
const configure = (value: string) => writeFile(join(folder, "swarmhub.yaml"), yaml(value));
const { logIn } = classIn(lab);
const [program, ...words] = [
  "nsenter",
  `--net=/run/netns/${lab.namespace}`,
  process.execPath,
  assetPath("test/e2e/support/forward-proxy.mjs"),
  gateway,
  "3128",
] as const;
const running = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
let asked = "";
running.stdout.on("data", (data: Buffer) => void (asked += data.toString()));

/** Everything but the machines' own network is rejected, for containers too; a jump in front of Docker's chains. */
const closeWays = (subnet: string) => `set -e
iptables -N LAB-CLOSED 2>/dev/null || iptables -F LAB-CLOSED
for to in 127.0.0.0/8 ${subnet} 10.201.0.0/16 10.223.0.0/16 172.16.0.0/12; do iptables -A LAB-CLOSED -d $to -j RETURN; done
iptables -A LAB-CLOSED -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN
iptables -A LAB-CLOSED -j REJECT
iptables -I OUTPUT -j LAB-CLOSED
iptables -I FORWARD -j LAB-CLOSED`;

const subnet = gateway.replace(/\d+$/, "0/24");

/** An image whose build asks for this path outside. */
const writeDockerfile = (path: string) =>
  writeFile(
    join(folder, "image/Dockerfile"),
    `FROM ${lab.image}
USER root
RUN python3 -c "import urllib.request as r; open('/word', 'wb').write(r.urlopen('http://outside.test/${path}', timeout=20).read())"
USER 1000:100
`,
  );

const ownersFiles = "/etc/apt/apt.conf.d/10owner /etc/systemd/system/docker.service.d/owner.conf";
const setOwnersProxy = `set -e
mkdir -p /etc/systemd/system/docker.service.d
cat >/etc/apt/apt.conf.d/10owner <<'apt'
Acquire::http::Proxy "${proxy}";
Acquire::https::Proxy "${proxy}";
apt
cat >/etc/systemd/system/docker.service.d/owner.conf <<'unit'
[Service]
Environment=HTTP_PROXY=${proxy} HTTPS_PROXY=${proxy} NO_PROXY=localhost,${subnet}
unit
systemctl daemon-reload
systemctl restart docker`;

/** A user's server reaches the outside through the proxy, and the hub without it. */
const serverUsesProxy = async (t: ExecutionContext, path: string): Promise<void> => {
  const alice = await logIn("alice");
  t.true((await alice.start()).ready);
  const inServer = (script: string) =>
    lab.on(2, `docker exec $(docker ps -q -f label=swarmhub.user=alice) sh -c '${script}'`);
  t.regex(await inServer("env"), /^HTTPS_PROXY=http:\/\/[\d.]+:3128$/m);
  t.regex(await inServer("env"), /^no_proxy=.*hub/m);
  t.regex(
    await inServer(
      `python3 -c "import urllib.request as r; print(r.urlopen(\\"http://outside.test/${path}\\", timeout=20).read())"`,
    ),
    /outside/,
  );
  t.true(asked.includes(`GET http://outside.test/${path}\n`));
  t.is(await inServer("cat /word"), "outside\n");
  await alice.stop();
  await alice.close();
};

test.before(async () => {
  const ended = once(running, "exit").then(() => Promise.reject(new Error("the proxy has ended")));
  await Promise.race([once(running.stdout, "data"), ended]);
  await mkdir(join(folder, "image"));
  await writeDockerfile("build");
  for (const guest of [1, 2]) await lab.on(guest, closeWays(subnet));
});

test.after.always(async () => {
  running.kill();
  await lab.lab("down");
});

test.serial(
  "without a proxy nothing outside is reached, and `check` names one that does not answer",
  async (t) => {
    t.regex(
      await lab.on(1, "timeout 60 apt-get -q update 2>&1; true"),
      /Err:|Failed to fetch|Could not/,
    );
    await configure(`proxy: http://${gateway}:9`);
    const check = await swarmhub("check");
    t.is(check.code, 3, check.stdout);
    t.regex(check.stdout.replaceAll(/\s+/g, " "), /the proxy [\d.]+:9 does not answer/);
  },
);

test.serial("a proxy that wants a login is named", async (t) => {
  running.stdin.write("geo:p@ss w0rd\n");
  await configure(`proxy: ${proxy}`);
  const check = await swarmhub("check");
  t.regex(check.stdout.replaceAll(/\s+/g, " "), /asks for a user name and a password/);
  running.stdin.write("\n");
});

test.serial(
  "what the owner has set for apt and Docker is enough: without the key, `up` and users use it",
  async (t) => {
    for (const guest of [1, 2]) await lab.on(guest, setOwnersProxy);
    await configure("");
    const up = await swarmhub("up", "--yes");
    t.is(up.code, 0, up.stderr);
    t.regex((await swarmhub("up", "--yes")).stderr, /nothing had to change/);
    t.regex(asked, /GET http:\/\/outside\.test\/build/);
    await serverUsesProxy(t, "owners");
    t.is(await lab.on(1, "ls -d /etc/apt/apt.conf.d/95swarmhub-proxy 2>/dev/null; true"), "");
  },
);

test.serial("with the key, `up` builds through the proxy, and apt and Docker use it", async (t) => {
  await configure(`proxy: ${proxy}`);
  await writeDockerfile("again");
  const up = await swarmhub("up", "--yes");
  t.is(up.code, 0, up.stderr);
  t.regex((await swarmhub("up", "--yes")).stderr, /nothing had to change/);
  t.regex(asked, /GET http:\/\/outside\.test\/again/);
  // The owner's exceptions have no hub.
  t.regex(await lab.on(2, "docker info --format '{{.HTTPProxy}} {{.NoProxy}}'"), /:3128 .*,hub,/);
  const before = asked.length;
  await lab.on(2, "apt-get -q update");
  t.regex(asked.slice(before), /GET http:|CONNECT /);
  // Neither the Swarm nor the registry of the class goes through it.
  t.notRegex(
    asked,
    /10\.77\.\d+\.\d+:(2377|7946|20500|5000)|127\.0\.0\.1|CONNECT (hub|proxy|edge|registry):/,
  );
  t.notRegex(await lab.on(1, "docker history --no-trunc $(docker images -q | head -n 1)"), /3128/);
  await serverUsesProxy(t, "notebook");
});

test.serial(
  "a login at the proxy is used, is in no argument or log, and users do not get it",
  async (t) => {
    running.stdin.write("geo:p@ss w0rd\n");
    await writeFile(join(folder, "secret"), "p@ss w0rd\n");
    await configure(`proxy: {http: "${proxy}", user: geo, password: from-file secret}`);
    const up = await swarmhub("up", "--yes");
    t.is(up.code, 0, up.stderr);
    t.notRegex(up.stderr + up.stdout, /p@ss|p%40ss/);
    const before = asked.length;
    await lab.on(1, "apt-get -q update");
    t.regex(asked.slice(before), /(GET|CONNECT) \S+$/m);
    for (const guest of [1, 2]) {
      t.notRegex(
        await lab.on(guest, "systemctl show docker; docker info 2>/dev/null; ps axww"),
        /p%40ss/,
      );
      t.is((await lab.on(guest, "stat -c %a /etc/swarmhub/proxy.env")).trim(), "600");
      t.notRegex(await lab.on(guest, "journalctl --no-pager -b"), /p%40ss/);
    }
    t.notRegex(await readFile(join(folder, "swarmhub.yaml"), "utf8"), /p@ss/);
    const alice = await logIn("alice");
    t.true((await alice.start()).ready);
    const env = await lab.on(2, "docker exec $(docker ps -q -f label=swarmhub.user=alice) env");
    t.notRegex(env, /geo:|p%40ss/);
    await alice.close();
  },
);

test.serial("`down` takes away what was ours, and what the owner set is used again", async (t) => {
  const down = await swarmhub("down", "--yes");
  t.is(down.code, 0, down.stderr);
  const listed = `ls -d /etc/apt/apt.conf.d/95swarmhub-proxy /etc/swarmhub /etc/systemd/system/docker.service.d/* ${ownersFiles} 2>/dev/null | sort -u
docker info --format '{{.HTTPProxy}} {{.NoProxy}}'`;
  const wanted = `${ownersFiles.replace(" ", "\n")}\n${proxy} localhost,${subnet}\n`;
  for (const guest of [1, 2])
    await waitUntil(
      async () => ((await lab.on(guest, listed)) === wanted ? (true as const) : undefined),
      { deadline: 30_000, otherwise: () => new Error(`node${guest} still has files of the proxy`) },
    );
});
