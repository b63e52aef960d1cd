import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { proxyVariables } from "../../src/cluster/outbound.js";
import { proxyLogin } from "../../src/names.js";
import { paths } from "../../src/paths.js";
import { firewall } from "../../src/pieces/firewall.js";
import { outbound } from "../../src/pieces/outbound.js";
import { aptConfiguration, environmentFile } from "../../src/pieces/outbound/files.js";
import { restartDocker } from "../../src/pieces/shared/docker-settings.js";
import { secrets } from "../../src/pieces/secrets.js";
import { classOf, describeSteps, machinesOf, runAll } from "../support/class-of.js";
import { temporaryFolder } from "../support/temporary-folder.js";

const address = "http://proxy.example.org:3128";
const proxy = {
  http: address,
  https: address,
  except: [".example.org", "git.local"],
  login: { user: "geo", password: { kind: "env", name: "P" } },
} as const;
const withProxy = (workers = 1) =>
  classOf(workers, {
    answers: [["", ""]],
    secrets: new Map([[proxyLogin, "geo:s3cret"]]),
    config: { proxy: { ...proxy, except: [...proxy.except] }, domain: "geo.example.org" },
  });

const applied = async () => {
  const cluster = withProxy();
  const steps = outbound.plan(cluster.config, machinesOf(cluster), cluster);
  await runAll(steps);
  return { cluster, steps };
};

test("apt and Docker on every machine use the proxy, and a second run has nothing to do", async (t) => {
  const { cluster, steps } = await applied();
  t.deepEqual(describeSteps(steps), [
    "manager: use the proxy proxy.example.org:3128 (for apt and Docker)",
    "worker1: use the proxy proxy.example.org:3128 (for apt and Docker)",
  ]);
  const { manager } = cluster;
  t.deepEqual(
    [...manager.files.keys()],
    [paths.aptProxy, paths.proxyVariables, paths.proxyUnit, paths.proxyNote],
  );
  const note = manager.files.get(paths.proxyNote) ?? "";
  const files = { [paths.proxyNote]: note };
  t.deepEqual(outbound.plan(cluster.config, machinesOf(cluster, { files }), cluster), []);
});

test("the password is in files of root's only, in no step, no argument and no note", async (t) => {
  const { cluster, steps } = await applied();
  const { asked, files } = cluster.manager;
  t.notRegex(JSON.stringify(steps.map(({ title, detail }) => [title, detail])), /s3cret/);
  t.notRegex(asked.join("\n"), /s3cret/);
  t.notRegex(files.get(paths.proxyNote) ?? "", /s3cret/);
  t.notRegex(files.get(paths.proxyUnit) ?? "", /s3cret/);
  t.regex(files.get(paths.proxyVariables) ?? "", /geo:s3cret@proxy/);
});

test("a machine that joins or leaves changes nothing on the others, so that their Docker runs on", async (t) => {
  const notes = await Promise.all(
    [1, 2].map(async (workers) => {
      const cluster = withProxy(workers);
      await runAll(outbound.plan(cluster.config, machinesOf(cluster), cluster));
      return cluster.manager.files.get(paths.proxyNote);
    }),
  );
  t.is(notes[0], notes[1]);
});

test("a step says that Docker restarts, and without the key what was ours is removed", (t) => {
  const cluster = classOf(0);
  const machines = machinesOf(cluster, {
    files: { [paths.proxyNote]: "old" },
    units: { "docker.service": "active" },
  });
  const expected = [
    "manager: no longer use the proxy (for apt and Docker; Docker restarts, and running servers with it)",
  ];
  t.deepEqual(describeSteps(outbound.plan(cluster.config, machines, cluster)), expected);
  t.deepEqual(describeSteps(outbound.remove(machines, cluster)), expected);
  const none = machinesOf(cluster);
  t.deepEqual(outbound.plan(cluster.config, none, cluster), []);
  t.deepEqual(outbound.remove(none, cluster), []);
});

const hasApt = existsSync("/usr/bin/apt-config");
(hasApt ? test : test.skip)(
  "apt itself reads the configuration, with hosts that it asks directly",
  (t) => {
    const file = join(temporaryFolder(), "apt.conf");
    writeFileSync(
      file,
      aptConfiguration({ http: address, https: address, except: [...proxy.except] }),
    );
    const dump = execFileSync("/usr/bin/apt-config", ["dump"], {
      env: { ...process.env, APT_CONFIG: file },
    });
    t.regex(dump.toString(), /Acquire::http::Proxy "http:\/\/proxy\.example\.org:3128";/);
    t.regex(dump.toString(), /Acquire::https::Proxy::git\.local "DIRECT";/);
  },
);

test("the variables are those of a shell, too, and the script is valid", (t) => {
  const file = join(temporaryFolder(), "proxy.env");
  const login = "http://geo:p%40%24%25@p:1";
  writeFileSync(
    file,
    environmentFile(proxyVariables({ http: login, https: login, except: ["hub", ".a.b"] })),
  );
  const read = `. ${file}; echo "$HTTPS_PROXY $https_proxy $no_proxy"`;
  t.is(execFileSync("sh", ["-c", read]).toString(), `${login} ${login} hub,.a.b\n`);
  execFileSync("sh", ["-n"], { input: restartDocker });
});

test("hub and edge get the proxy as a secret, also one that only the owner gave to Docker", (t) => {
  const titles = (cluster: ReturnType<typeof classOf>, dockerProxy = {}) =>
    describeSteps(secrets.plan(cluster.config, machinesOf(cluster, { dockerProxy }), cluster));
  const written = "manager: write the secret outbound-proxy";
  t.true(titles(withProxy()).includes(written));
  t.true(titles(classOf(1), { http_proxy: "10.1.2.3:3128" }).includes(written));
  t.false(titles(classOf(1)).includes(written));
});

test("users' servers reach a proxy in a private network, unless they are to reach nothing", (t) => {
  const rules = (access: "no-private" | "none", facts: object) => {
    const cluster = classOf(0);
    cluster.config.servers.network = { access, except: [] };
    cluster.config.proxy = { http: address, https: address, except: [] };
    const [step] = firewall.plan(cluster.config, machinesOf(cluster, facts), cluster);
    return step?.detail ?? "";
  };
  const known = { dockerProxyAddresses: ["10.1.2.3", "192.0.2.9"] };
  t.regex(rules("no-private", known), /no private network but 1 exception$/);
  t.regex(rules("no-private", { dockerProxyAddresses: ["192.0.2.9"] }), /no private network$/);
  t.regex(rules("none", known), /no network$/);
});
