import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { waitUntil } from "../../src/wait.js";
import { prepareAuthority, site, verifyCertificate } from "./support/authority.js";
import { openBrowser } from "./support/browser.js";
import { startKnot } from "./support/dns-server.js";
import { workshop } from "./support/lab.js";
import { warmClass } from "./support/warm-class.js";

// A class of one machine, and an authority with a DNS server on another. Each test continues from the previous one.
const lab = await warmClass("e2e-certificates-faults", { machines: 1, guests: 2, memory: 2048 });
const [manager, elsewhere] = [lab.address(1), lab.address(2)];
const authority = await prepareAuthority(lab, 2);

/** The configuration of the class; each name below example.org counts as another authority. */
const yaml = (name: string, more = "") => `name: warm
domain: ${site}
manager: node1
storage: {device: /dev/ubdb, quota: 60M}
tls:
  acme: {directory: "https://${name}.example.org:14000/dir", ca: ca.pem${more}}
login: {shared-password: from-env ROOM_PASSWORD}
servers: {image: "${lab.image}", memory: 400M, cpu: 1}
engine: {registry-mirrors: ["http://${lab.registry}"]}
`;
const { swarmhub, folder } = await workshop(lab, yaml("acme"));
const writeConfigFile = (name: string, content: string) => writeFile(join(folder, name), content);

/** Opens or closes port 80 of the manager for the authority only, as a provider's firewall would. */
const setPort80 = (state: "closed" | "open") =>
  lab.on(
    2,
    `iptables ${state === "closed" ? "-I" : "-D"} OUTPUT -p tcp -d ${manager} --dport 80 -j DROP`,
  );

/** Runs `up`, which succeeds in spite of errors of the authority; returns its stderr. */
const up = async (t: ExecutionContext): Promise<string> => {
  const { code, stderr, ms } = await swarmhub("up", "--yes");
  t.log(`up took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  return stderr;
};

/** Waits until the next attempt of the edge is more than 4 minutes away. */
const waitForLongPause = () =>
  waitUntil(
    async () => {
      const { stdout } = await swarmhub("tls", "--json");
      const { certificate } = JSON.parse(stdout) as { certificate: { nextAttempt: string } };
      const isLong = Date.parse(certificate.nextAttempt) - Date.now() > 240_000;
      return isLong ? true : undefined;
    },
    {
      deadline: 180_000,
      every: 5000,
      otherwise: () => new Error("the pauses between the attempts stay short"),
    },
  );

const assertIssued = async (t: ExecutionContext): Promise<void> => {
  const { ok, output } = await verifyCertificate(lab.reachableAddress(1), await authority.root());
  t.true(ok, output);
};

test.before(async () => {
  // A container keeps the name server that was configured when it started.
  await lab.on(1, `echo nameserver ${elsewhere} >/etc/resolv.conf; systemctl restart docker`);
  await appendFile(join(folder, "hosts"), `${manager} ${site}\n`);
  await authority.pointSiteTo(manager);
  await authority.startPebble();
  await writeConfigFile("ca.pem", authority.ca);
});

test.after.always(() => lab.lab("down"));

test.serial(
  "with port 80 closed, the class runs without a certificate of the authority and reports the cause",
  async (t) => {
    await setPort80("closed");
    const reason = /the authority cannot reach geo\.example\.org: /;
    const hint = /open port 80 of the manager to the Internet, in the cloud's firewall too/;
    const output = await up(t);
    t.regex(output, reason);
    t.regex(output, hint);
    t.log(/the authority cannot reach.*/.exec(output)?.[0]);
    t.log(`${await authority.orders()} orders`);

    const tls = await swarmhub("tls");
    t.regex(tls.stdout, /^served +self-signed certificate/m);
    t.regex(tls.stdout, reason);
    t.regex(tls.stdout, hint);
    const status = await swarmhub("status");
    t.is(status.code, 6);
    t.regex(status.stdout, reason);
    t.regex(status.stdout, hint);
    const page = await lab.on(
      2,
      `curl -skL -b '' --resolve ${site}:443:${manager} https://${site}/`,
    );
    t.regex(page, /name="password"/);
  },
);

test.serial(
  "an error that our own check finds causes no order; with --force it does",
  async (t) => {
    await waitForLongPause();
    const before = await authority.orders();
    await authority.pointSiteTo(elsewhere);
    const { code, stderr } = await swarmhub("tls", "renew");
    t.is(code, 1);
    t.regex(stderr, new RegExp(`${site} points to ${elsewhere}, where nothing listens on port 80`));
    t.is(await authority.orders(), before);
    const forced = await swarmhub("tls", "renew", "--force");
    t.is(forced.code, 1);
    t.regex(forced.stderr, /the authority cannot reach/);
    t.is(await authority.orders(), before + 1);
  },
);

test.serial(
  "with port 80 open again, `tls renew` gets a certificate of the authority",
  async (t) => {
    await authority.pointSiteTo(manager);
    await setPort80("open");
    const { code, stdout, stderr, ms } = await swarmhub("tls", "renew");
    t.log(`tls renew took ${Math.round(ms / 1000)} s`);
    t.is(code, 0, stderr);
    t.regex(stdout, /^renewed: certificate from Pebble Intermediate CA/m);
    await assertIssued(t);
    t.is((await swarmhub("status")).code, 0);
    t.regex(await up(t), /nothing had to change/);
  },
);

test.serial("Chromium opens the page without a warning if it trusts the authority", async (t) => {
  const openPage = async (home: string) => {
    const args = [`--host-resolver-rules=MAP ${site} ${manager}`];
    const browser = await openBrowser(lab, { home: join(folder, home), args });
    try {
      const page = await browser.newPage();
      const answer = await page.goto(`https://${site}/`, { timeout: 60_000 });
      return {
        issuer: (await answer?.securityDetails())?.issuer,
        path: new URL(page.url()).pathname,
        hasLoginForm: await page.isVisible("#username_input"),
      };
    } finally {
      await browser.close();
    }
  };
  const database = join(folder, "trusting/.pki/nssdb");
  await mkdir(database, { recursive: true });
  await mkdir(join(folder, "default"));
  const certutil = (...options: string[]) =>
    promisify(execFile)("certutil", ["-d", `sql:${database}`, ...options]);
  await certutil("-N", "--empty-password");
  await certutil("-A", "-n", "lab", "-t", "C,,", "-i", await authority.root());
  const trusting = await openPage("trusting");
  t.regex(trusting.issuer ?? "", /^Pebble Intermediate CA/);
  t.is(trusting.path, "/hub/login");
  t.true(trusting.hasLoginForm);
  await t.throwsAsync(openPage("default"), { message: /ERR_CERT_AUTHORITY_INVALID/ });
});

test.serial(
  "an external account is rejected with a wrong key and accepted with its own",
  async (t) => {
    const [right, wrong] = [newKey(), newKey()];
    await authority.startPebble({ accounts: { "class-1": right } });
    await writeConfigFile(
      "swarmhub.yaml",
      yaml("eab", ", eab: {id: class-1, key: from-file eab-key}"),
    );
    await writeConfigFile("eab-key", wrong);
    const reason =
      /the authority eab\.example\.org:14000 refused to create an account: external account binding/;
    t.regex(await up(t), reason);
    const tls = await swarmhub("tls", "--json");
    t.regex(tls.stdout, reason);
    t.regex(tls.stdout, /check the id and key of tls\.acme\.eab/);
    await writeConfigFile("eab-key", right);
    t.notRegex(await up(t), /refused to create an account/);
    await assertIssued(t);
    const logs = await swarmhub("logs", "edge");
    t.regex(logs.stdout, /got a certificate for geo\.example\.org/);
    for (const key of [right, wrong]) t.false((logs.stdout + tls.stdout).includes(key));
  },
);

test.serial("with port 80 closed, a certificate is issued through a DNS hook", async (t) => {
  await authority.startPebble();
  await setPort80("closed");
  await writeConfigFile("swarmhub.yaml", yaml("hook", ", dns: {hook: dns-hook}"));
  await writeConfigFile("dns-hook", "#!/bin/sh\necho no such zone >&2\nexit 3\n");
  t.regex(await up(t), /the DNS hook failed: no such zone/);
  await writeConfigFile("dns-hook", hook);
  t.notRegex(await up(t), /the DNS hook/);
  await assertIssued(t);
  const dns = new Resolver();
  dns.setServers([lab.reachableAddress(2)]);
  await t.throwsAsync(
    dns.resolveTxt(`_acme-challenge.${site}`),
    undefined,
    "the script removed the record",
  );
});

test.serial(
  "with port 80 closed, a certificate is issued through a DNS server that accepts updates",
  async (t) => {
    const knot = await startKnot(lab, 2);
    await authority.startPebble({ dns: `127.0.0.1:${knot.port}` });
    const plugin = "{plugin: rfc2136, credentials: from-file rfc2136.ini, propagation: 1s}";
    await writeConfigFile("swarmhub.yaml", yaml("rfc2136", `, dns: ${plugin}`));
    const wrong = randomBytes(32).toString("base64");
    await writeConfigFile("rfc2136.ini", knot.credentials(wrong));
    const output = await up(t);
    t.regex(
      output,
      /the DNS record could not be created on your DNS server: The peer didn't like the signature/,
    );
    t.regex(output, /check server, name, secret and algorithm/);
    t.is(await knot.updates(), 0);
    await writeConfigFile("rfc2136.ini", knot.credentials());
    t.notRegex(await up(t), /your DNS server/);
    await assertIssued(t);
    t.is(await knot.updates(), 2, "the record was added and removed");
    t.is((await swarmhub("status")).code, 0);
  },
);

const newKey = (): string => randomBytes(32).toString("base64url");

/** Changes the record with the API of Pebble's own DNS server. */
const hook = `#!/usr/bin/env python3
import json, sys, urllib.request
action, domain, value = sys.argv[1:]
host = f"_acme-challenge.{domain}."
path, body = ("set-txt", {"host": host, "value": value}) if action == "present" else ("clear-txt", {"host": host})
urllib.request.urlopen(f"http://${elsewhere}:8055/{path}", json.dumps(body).encode()).read()
`;
