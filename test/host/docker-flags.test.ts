import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { gpusOf, showsGpus } from "../../src/cluster/gpus.js";
import { settingsInFlags } from "../../src/host/docker-flags.js";
import { factsFrom } from "../../src/host/facts/parse.js";
import { dockerPid, factsScript } from "../../src/host/facts/script.js";
import { temporaryFolder } from "../support/temporary-folder.js";

for (const [words, settings] of [
  ["--userns-remap=default", { "userns-remap": "default" }],
  ["--userns-remap default", { "userns-remap": "default" }],
  ["--live-restore", { "live-restore": true }],
  ["--live-restore=T --iptables=0", { "live-restore": true, iptables: false }],
  ["--iptables=False --iptables", { iptables: true }],
  ["--firewall-backend nftables", { "firewall-backend": "nftables" }],
  ["-H fd:// --label iptables --debug", {}],
  ["--userns-remap=", { "userns-remap": "" }],
  [
    "--registry-mirror=https://a --registry-mirror https://b",
    {
      "registry-mirrors": ["https://a", "https://b"],
    },
  ],
  [
    "--default-address-pool base=10.210.0.0/16,size=20",
    {
      "default-address-pools": [{ base: "10.210.0.0/16", size: 20 }],
    },
  ],
  [
    "--http-proxy=http://p:1 --no-proxy a,b",
    {
      proxies: { "http-proxy": "http://p:1", "no-proxy": "a,b" },
    },
  ],
] as const)
  test(`dockerd's ${words} is read as its settings`, (t) => {
    t.deepEqual(settingsInFlags(words.split(" ")), settings);
  });

test("GPUs that are listed by flags count", (t) => {
  const dockerFlags = settingsInFlags(
    "--default-runtime=nvidia --node-generic-resource NVIDIA-GPU=2".split(" "),
  );
  t.is(gpusOf({ files: {}, dockerFlags }), 2);
  t.true(showsGpus({ files: {}, dockerFlags }));
});

/** The facts of a machine on which a process with these arguments is Docker's. */
const factsBeside = async (name: string, ...flags: string[]) => {
  const folder = temporaryFolder();
  const docker = spawn("perl", ["-e", "sleep 60", "--", ...flags], { argv0: name });
  try {
    await writeFile(join(folder, "docker.pid"), `${docker.pid}\n`);
    const script = factsScript().replace(dockerPid, join(folder, "docker.pid"));
    const { stdout } = await promisify(execFile)("sh", ["-c", script], { maxBuffer: 1 << 26 });
    return factsFrom(stdout);
  } finally {
    docker.kill();
  }
};

test("the flags of a running Docker are read from its process, whatever they contain, and the disk of its data-root is measured", async (t) => {
  const values = ["--userns-remap", "a\n\u001ehost-name\nother", "--data-root", "/proc/none"];
  const facts = await factsBeside("/usr/sbin/dockerd", "--iptables=false", ...values);
  t.is(facts.dockerFlags?.["iptables"], false);
  t.is(facts.dockerDisks[0]?.path, "/proc");
  t.not(facts.hostName, "other");
});

test("the arguments of another process with Docker's former id are not read", async (t) => {
  const facts = await factsBeside("other", "--iptables=false", "-g/proc/none");
  t.deepEqual(facts.dockerFlags, {});
  t.not(facts.dockerDisks[0]?.path, "/proc");
});
