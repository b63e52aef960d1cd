import { execFile, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { factsFrom } from "../../src/host/facts/parse.js";
import { dockerPid, factsScript } from "../../src/host/facts/script.js";
import { paths } from "../../src/paths.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const recorded = readFileSync("test/fixtures/facts-debian-13.txt", "utf8");
const section = (name: string, content: string) => `\n\u001e${name}\n${content}\n`;

test("the recorded output of a blank Debian 13 is parsed", (t) => {
  const facts = factsFrom(recorded);
  t.like(facts, {
    machineId: "020b8f049e4a4930b9757fd987f0c09e",
    hostName: "node1",
    system: { id: "debian", like: [], version: "13", name: "Debian GNU/Linux 13 (trixie)" },
    kernel: "6.12.101",
    memory: 759_356 * 1024,
    processors: 1,
    addresses: [{ device: "vec0", address: "10.77.0.11", prefix: 24, mtu: 1400 }],
    routes: [
      { destination: "default", device: "vec0" },
      { destination: "10.77.0.0/24", device: "vec0" },
    ],
    disks: [
      {
        path: "/dev/ubda",
        type: "disk",
        size: 12 * 2 ** 30,
        fileSystem: "ext4",
        uuid: "29bc69d2-f701-4057-ac3d-d67bc56d58b7",
        parts: [],
      },
      { path: "/dev/ubdb", type: "disk", size: 20 * 2 ** 30, parts: [] },
    ],
    freeForHomes: 2_807_356 * 4096,
    packages: { iptables: "1.8.11-2" },
    files: { [paths.fileSystemTable]: "/dev/ubda / ext4 defaults 0 0\n" },
    secretHashes: {},
    certificates: [],
    givenHashes: {},
    firewall: [],
    firewall6: [],
    hasLostDockerRules: false,
    ipv6: true,
    state: [],
    missingModules: [],
    quotaState: "",
  });
  t.deepEqual(facts.mounts[0], {
    source: "/dev/root",
    target: "/",
    type: "ext4",
    options: ["rw", "relatime"],
  });
  t.is(facts.units["docker.service"], "inactive");
});

test("the script is valid shell", (t) => {
  t.notThrows(() => execFileSync("sh", ["-n"], { input: factsScript() }));
});

test("empty output is parsed as a machine without anything", (t) => {
  t.like(factsFrom(""), {
    machineId: "",
    addresses: [],
    disks: [],
    packages: {},
    files: {},
    memory: 0,
  });
});

test("the edge's files are known by hash, and all certificates by name", (t) => {
  const text =
    section("certificates", "acme\nstatus.json\nacme/issued") +
    section("given", "12ab  own/certificate.pem\n34cd  own/key.pem");
  t.like(factsFrom(text), {
    certificates: ["acme", "status.json", "acme/issued"],
    givenHashes: { "own/certificate.pem": "12ab", "own/key.pem": "34cd" },
  });
});

test("a package that was removed but not purged is not installed", (t) => {
  const text = section(
    "packages",
    "ii \tdocker.io\t26.1.5\nrc \txfsprogs\t6.13.0\nun \tdocker-ce\t",
  );
  t.deepEqual(factsFrom(text).packages, { "docker.io": "26.1.5" });
});

test("Docker's own rules are lost where a table has none of them although it runs and has its bridge", (t) => {
  const address = { local: "172.18.0.1", prefixlen: 16, scope: "global" };
  const bridge = [{ ifname: "docker_gwbridge", mtu: 1500, addr_info: [address] }];
  const state = (active: string) => `Id=docker.service\nActiveState=${active}`;
  const isLost = (
    firewall: string,
    { nat = "", network = JSON.stringify(bridge), docker = "active" },
  ) =>
    factsFrom(
      section("network", `${network}\n[]`) +
        section("firewall", firewall) +
        section("docker-nat", nat) +
        section("units", state(docker)),
    ).hasLostDockerRules;
  const ours = "-A SWARMHUB-CONTAINERS -i docker_gwbridge -j SWARMHUB-OWN";
  const complete = `-P FORWARD DROP\n-A FORWARD -i docker_gwbridge -o docker_gwbridge -j DROP\n${ours}`;
  t.false(isLost(complete, {}));
  t.true(isLost(ours, {}), "a reload of the table of filters");
  t.true(isLost(complete, { nat: "lost" }), "a reload of the table of translations");
  t.false(isLost(ours, { docker: "inactive" }));
  t.false(isLost(ours, { network: "[]" }), "before the Swarm");
});

test("files are read whole, whatever they contain", (t) => {
  const content = "a\n\u001efile /etc/passwd\nß\n";
  const text = section("file /etc/swarmhub/firewall", Buffer.from(content).toString("hex"));
  t.deepEqual(factsFrom(text).files, { "/etc/swarmhub/firewall": content });
});

test("secrets are known only by their hashes", (t) => {
  t.deepEqual(
    factsFrom(section("secrets", "abc  proxy-token\ndef  shared-password")).secretHashes,
    {
      "proxy-token": "abc",
      "shared-password": "def",
    },
  );
});

test("disks have their partitions", (t) => {
  const disk = {
    name: "/dev/vdb",
    type: "disk",
    size: "10",
    fstype: null,
    label: null,
    uuid: null,
    pttype: "gpt",
  };
  const part = {
    ...disk,
    name: "/dev/vdb1",
    type: "part",
    fstype: "xfs",
    label: "swarmhub",
    uuid: "u",
    pttype: "gpt",
  };
  const text = section("disks", JSON.stringify({ blockdevices: [{ ...disk, children: [part] }] }));
  const uuid = { fileSystem: "xfs", label: "swarmhub", uuid: "u", partitionTable: "gpt" };
  t.deepEqual(factsFrom(text).disks, [
    {
      path: "/dev/vdb",
      type: "disk",
      size: 10,
      partitionTable: "gpt",
      parts: [{ path: "/dev/vdb1", type: "part", size: 10, ...uuid, parts: [] }],
    },
  ]);
});

test("output of another form throws instead of being guessed", (t) => {
  t.throws(() => factsFrom(section("disks", "lsblk: not found")));
  t.throws(() => factsFrom(section("network", '[{"ifname": 1}]')));
});

test("an invalid address is left out, since it would be written into files of other machines", (t) => {
  const card = (local: string) => ({
    ifname: "eth0",
    mtu: 1500,
    addr_info: [{ local, prefixlen: 24, scope: "global" }],
  });
  const cards = [card("10.0.0.5"), card("10.0.0.6(rw,no_root_squash) *"), card("10.0.0.7\nreboot")];
  const { addresses } = factsFrom(section("network", JSON.stringify(cards)));
  t.deepEqual(
    addresses.map(({ address }) => address),
    ["10.0.0.5"],
  );
});

// Made for this test: `openssl req -x509 -newkey ec … -subj /O=cluster/OU=swarm-worker/CN=w1fumjaq9o5d`.
const certificate = readFileSync("test/fixtures/swarm-node.crt", "utf8");
const certified = section(
  "file /var/lib/docker/swarm/certificates/swarm-node.crt",
  Buffer.from(certificate).toString("hex"),
);

test("a machine's membership is read from Docker's header and the node's certificate", (t) => {
  const of = (word: string, more = "") => factsFrom(section("engine", word) + more).membership;
  const nodeId = "w1fumjaq9o5d";
  t.deepEqual(of("active/worker", certified), { state: "active", nodeId, manages: false });
  t.deepEqual(of("active/manager", certified), { state: "active", nodeId, manages: true });
  t.deepEqual(of("pending"), { state: "pending", nodeId: "", manages: false });
  t.deepEqual(of("inactive", certified), { state: "inactive", nodeId: "", manages: false });
});

// As Engine 20.10 wrote it after `docker swarm init`.
const savedState = (address: string): string =>
  section(
    "file /var/lib/docker/swarm/docker-state.json",
    Buffer.from(
      JSON.stringify({ ListenAddr: "10.88.0.2:2377", AdvertiseAddr: address, SubnetSize: 24 }),
    ).toString("hex"),
  );

test("the address at which a Swarm knows a machine is read, also where its node does not start", (t) => {
  const of = (word: string, address: string) =>
    factsFrom(section("engine", word) + certified + savedState(address)).membership?.address;
  t.is(of("active/manager", "10.88.0.2:2377"), "10.88.0.2");
  t.is(of("error", "10.88.0.2:2377"), "10.88.0.2");
  t.is(of("active/worker", "10.88.0.3"), "10.88.0.3");
  t.is(of("inactive", "10.88.0.2:2377"), undefined);
  t.is(of("active/worker", ""), undefined);
  t.is(of("active/worker", "worker.example:2377"), undefined);
});

test("without Docker's header or the node's certificate the membership is unknown", (t) => {
  t.is(factsFrom(certified).membership, undefined);
  t.is(factsFrom(section("engine", "active/worker")).membership, undefined);
  t.is(factsFrom(section("engine", "asleep")).membership, undefined);
});

test("the proxy of a running Docker is read from its process, with its address", async (t) => {
  const folder = temporaryFolder();
  const docker = spawn("sleep", ["60"], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HTTPS_PROXY: "http://geo:s3cret@localhost:3128",
      https_proxy: "http://other:1",
      no_proxy: "a.example",
      SECRET: "not read",
    },
  });
  t.teardown(() => docker.kill());
  await writeFile(join(folder, "docker.pid"), `${docker.pid}\n`);
  const script = factsScript().replace(dockerPid, join(folder, "docker.pid"));
  const { stdout } = await promisify(execFile)("sh", ["-c", script], { maxBuffer: 1 << 26 });
  const { dockerProxy, dockerProxyAddresses } = factsFrom(stdout);
  t.deepEqual(dockerProxy, {
    https_proxy: "http://geo:s3cret@localhost:3128",
    no_proxy: "a.example",
  });
  t.deepEqual(dockerProxyAddresses, ["127.0.0.1"]);
  t.false(stdout.includes("not read"));
});
