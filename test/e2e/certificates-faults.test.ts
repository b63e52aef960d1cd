import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { waitUntil } from "../../src/wait.js";
import { isTrusted, setAuthority, site } from "./support/authority.js";
import { openBrowser } from "./support/browser.js";
import { startKnot } from "./support/dns-server.js";
import { workshop } from "./support/lab.js";
import { warmClass } from "./support/warm-class.js";

// A class of one machine, and an authority with a DNS server on another: each test goes on from the one before.
const lab = await warmClass("e2e-certificates-faults", { machines: 1, guests: 2, memory: 2048 });
const [manager, elsewhere] = [lab.address(1), lab.address(2)];
const authority = await setAuthority(lab, 2);

/** The class's configuration; each name below example.org is an authority of its own to it. */
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
const give = (name: string, content: string) => writeFile(join(folder, name), content);

/** Port 80 of the manager as a provider's firewall closes it: whoever is inside finds it open. */
const port80 = (word: "close" | "open") =>
  lab.on(
    2,
    `iptables ${word === "close" ? "-I" : "-D"} OUTPUT -p tcp -d ${manager} --dport 80 -j DROP`,
  );

/** Runs `up`, which ends well whatever the authority does; answers what it said. */
const up = async (t: ExecutionContext): Promise<string> => {
  const { code, stderr, ms } = await swarmhub("up", "--yes");
  t.log(`up took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  return stderr;
};

/** Waits until the edge asks for nothing by itself for some minutes. */
const lull = () =>
  waitUntil(
    async () => {
      const { stdout } = await swarmhub("tls", "--json");
      const { certificate } = JSON.parse(stdout) as { certificate: { nextAttempt: string } };
      const isLong = Date.parse(certificate.nextAttempt) - Date.now() > 240_000;
      return isLong ? true : undefined;
    },
    { deadline: 180_000, every: 5000, otherwise: () => new Error("it asks again and again") },
  );

const isReal = async (t: ExecutionContext): Promise<void> => {
  const { ok, said } = await isTrusted(lab.reachedAt(1), await authority.root());
  t.true(ok, said);
};

test.before(async () => {
  // A container keeps the name server that was there when it started.
  await lab.on(1, `echo nameserver ${elsewhere} >/etc/resolv.conf; systemctl restart docker`);
  await appendFile(join(folder, "hosts"), `${manager} ${site}\n`);
  await authority.leadTo(manager);
  await authority.pebble();
  await give("ca.pem", authority.ca);
});

test.after.always(() => lab.lab("down"));

test.serial("with port 80 closed to the authority the class is up, and says why", async (t) => {
  await port80("close");
  const why = /the authority cannot reach geo\.example\.org: /;
  const hint = /open port 80 of the manager to everybody, in the cloud's firewall too/;
  const said = await up(t);
  t.regex(said, why);
  t.regex(said, hint);
  t.log(/the authority cannot reach.*/.exec(said)?.[0]);
  t.log(`${await authority.orders()} orders`);

  const tls = await swarmhub("tls");
  t.regex(tls.stdout, /^served +self-signed certificate/m);
  t.regex(tls.stdout, why);
  t.regex(tls.stdout, hint);
  const status = await swarmhub("status");
  t.is(status.code, 6);
  t.regex(status.stdout, why);
  t.regex(status.stdout, hint);
  const page = await lab.on(2, `curl -skL -b '' --resolve ${site}:443:${manager} https://${site}/`);
  t.regex(page, /name="password"/);
});

test.serial("what our own check sees costs no order; by force it does", async (t) => {
  await lull();
  const before = await authority.orders();
  await authority.leadTo(elsewhere);
  const { code, stderr } = await swarmhub("tls", "renew");
  t.is(code, 1);
  t.regex(stderr, new RegExp(`${site} leads to ${elsewhere}, where nothing listens on port 80`));
  t.is(await authority.orders(), before);
  const forced = await swarmhub("tls", "renew", "--force");
  t.is(forced.code, 1);
  t.regex(forced.stderr, /the authority cannot reach/);
  t.is(await authority.orders(), before + 1);
});

test.serial("with the port open again `tls renew` gets the real one", async (t) => {
  await authority.leadTo(manager);
  await port80("open");
  const { code, stdout, stderr, ms } = await swarmhub("tls", "renew");
  t.log(`tls renew took ${Math.round(ms / 1000)} s`);
  t.is(code, 0, stderr);
  t.regex(stdout, /^renewed: certificate of Pebble Intermediate CA/m);
  await isReal(t);
  t.is((await swarmhub("status")).code, 0);
  t.regex(await up(t), /nothing had to change/);
});

test.serial("Chromium opens it without a warning, if it knows the authority", async (t) => {
  const visit = async (home: string) => {
    const args = [`--host-resolver-rules=MAP ${site} ${manager}`];
    const browser = await openBrowser(lab, { home: join(folder, home), args });
    try {
      const page = await browser.newPage();
      const answer = await page.goto(`https://${site}/`, { timeout: 60_000 });
      return {
        issuer: (await answer?.securityDetails())?.issuer,
        at: new URL(page.url()).pathname,
        asksForName: await page.isVisible("#username_input"),
      };
    } finally {
      await browser.close();
    }
  };
  const database = join(folder, "knows/.pki/nssdb");
  await mkdir(database, { recursive: true });
  await mkdir(join(folder, "stranger"));
  const certutil = (...words: string[]) =>
    promisify(execFile)("certutil", ["-d", `sql:${database}`, ...words]);
  await certutil("-N", "--empty-password");
  await certutil("-A", "-n", "lab", "-t", "C,,", "-i", await authority.root());
  const known = await visit("knows");
  t.regex(known.issuer ?? "", /^Pebble Intermediate CA/);
  t.is(known.at, "/hub/login");
  t.true(known.asksForName);
  await t.throwsAsync(visit("stranger"), { message: /ERR_CERT_AUTHORITY_INVALID/ });
});

test.serial("an external account: refused with another key, taken with its own", async (t) => {
  const [right, wrong] = [newKey(), newKey()];
  await authority.pebble({ accounts: { "class-1": right } });
  await give("swarmhub.yaml", yaml("eab", ", eab: {id: class-1, key: from-file eab-key}"));
  await give("eab-key", wrong);
  const why =
    /the authority eab\.example\.org:14000 opens no account for us: external account binding/;
  t.regex(await up(t), why);
  const tls = await swarmhub("tls", "--json");
  t.regex(tls.stdout, why);
  t.regex(tls.stdout, /look at the id and key of tls\.acme\.eab/);
  await give("eab-key", right);
  t.notRegex(await up(t), /opens no account/);
  await isReal(t);
  const logs = await swarmhub("logs", "edge");
  t.regex(logs.stdout, /got a certificate for geo\.example\.org/);
  for (const key of [right, wrong]) t.false((logs.stdout + tls.stdout).includes(key));
});

test.serial("by a script that changes the DNS, port 80 closed", async (t) => {
  await authority.pebble();
  await port80("close");
  await give("swarmhub.yaml", yaml("hook", ", dns: {hook: dns-hook}"));
  await give("dns-hook", "#!/bin/sh\necho no such zone >&2\nexit 3\n");
  t.regex(await up(t), /the script that changes the DNS failed: no such zone/);
  await give("dns-hook", hook);
  t.notRegex(await up(t), /the script/);
  await isReal(t);
  const dns = new Resolver();
  dns.setServers([lab.reachedAt(2)]);
  await t.throwsAsync(dns.resolveTxt(`_acme-challenge.${site}`), undefined, "it took it away");
});

test.serial("by a DNS server that takes updates, port 80 closed", async (t) => {
  const knot = await startKnot(lab, 2);
  await authority.pebble({ dns: `127.0.0.1:${knot.port}` });
  const way = "{plugin: rfc2136, credentials: from-file rfc2136.ini, propagation: 1s}";
  await give("swarmhub.yaml", yaml("rfc2136", `, dns: ${way}`));
  const wrong = randomBytes(32).toString("base64");
  await give("rfc2136.ini", knot.credentials(wrong));
  const said = await up(t);
  t.regex(said, /your DNS server does not take the record: The peer didn't like the signature/);
  t.regex(said, /look at server, name, secret and algorithm/);
  t.is(await knot.updates(), 0);
  await give("rfc2136.ini", knot.credentials());
  t.notRegex(await up(t), /your DNS server/);
  await isReal(t);
  t.is(await knot.updates(), 2, "the record was made and taken away");
  t.is((await swarmhub("status")).code, 0);
});

const newKey = (): string => randomBytes(32).toString("base64url");

/** Makes the record by the interface of Pebble's own DNS server. */
const hook = `#!/usr/bin/env python3
import json, sys, urllib.request
word, domain, value = sys.argv[1:]
host = f"_acme-challenge.{domain}."
path, body = ("set-txt", {"host": host, "value": value}) if word == "present" else ("clear-txt", {"host": host})
urllib.request.urlopen(f"http://${elsewhere}:8055/{path}", json.dumps(body).encode()).read()
`;
