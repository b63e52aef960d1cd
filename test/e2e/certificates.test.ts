import { connect } from "node:net";
import { text } from "node:stream/consumers";
import test from "ava";
import { prepareAcmeStage } from "./support/acme-stage.js";
import { verifyCertificate, sClient, site } from "./support/authority.js";
import { bootLab } from "./support/lab.js";
import { openWebsockets } from "./support/open-websockets.js";

// The edge alone in front of an echoing upstream, with an authority and a DNS server on the same machine.
const lab = await bootLab("e2e-certificates", 1, 2048, { prepared: true });
const address = lab.address(1);
const stage = await prepareAcmeStage(lab);
/** The lab's gateway, which has no web server. */
const elsewhere = address.replace(/\d+$/, "1");

test.after.always(() => lab.lab("down"));

test.serial(
  "the first certificate is self-signed at once, and comes from the authority seconds later",
  async (t) => {
    await stage.startPebble();
    await stage.writeSettings();
    const started = performance.now();
    const since = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    await stage.edge.start();
    await stage.statusWhen("a certificate is served", ({ serial }) => serial !== "");
    t.log(`a certificate is served ${since()} after the start of the container`);
    const { issuer } = await stage.statusWhen(
      "the certificate is from the authority",
      ({ kind }) => kind === "acme",
      90,
    );
    t.log(`the certificate of the authority is served after ${since()}`);
    t.regex(issuer, /^Pebble Intermediate CA/);
    const { ok, output } = await verifyCertificate(address, await stage.root());
    t.true(ok, output);
    t.regex(output, /Verify return code: 0 \(ok\)/);
  },
);

test.serial("old protocols, weak ciphers and other server names are rejected", async (t) => {
  const named = ["-servername", site];
  for (const version of ["-tls1_2", "-tls1_3"])
    t.true((await sClient(address, ...named, version)).ok, version);
  for (const version of ["-tls1", "-tls1_1"])
    t.false((await sClient(address, ...named, version, "-cipher", "ALL:@SECLEVEL=0")).ok, version);
  for (const cipher of [
    "AES128-SHA",
    "AES256-SHA256",
    "ECDHE-RSA-AES128-SHA",
    "ECDHE-ECDSA-AES128-SHA",
    "NULL",
    "aNULL",
    "3DES",
    "DHE",
  ])
    t.false(
      (await sClient(address, ...named, "-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`)).ok,
      cipher,
    );
  t.notRegex((await sClient(address, "-servername", "evil.example")).output, /BEGIN CERTIFICATE/);
  t.notRegex((await sClient(address, "-noservername")).output, /BEGIN CERTIFICATE/);
  const { output } = await sClient(address, ...named, "-alpn", "h2");
  t.regex(output, /ALPN protocol: h2/);
});

test.serial("forwarded and user headers of a client are not passed on", async (t) => {
  const claims = ["X-Forwarded-User: teacher", "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6"];
  const headers = claims.map((claim) => `-H '${claim}'`).join(" ");
  const resolve = `--resolve ${site}:443:127.0.0.1`;
  const answer = await lab.on(1, `curl -sk -i ${resolve} ${headers} https://${site}/hub/`);
  t.regex(answer, /"url":"\/hub\/"/);
  t.notRegex(answer, /teacher|6\.6\.6\.6/);
  t.regex(answer, /^strict-transport-security: max-age=/im);
  const otherTarget = `GET http://evil.example/x HTTP/1.1\r\nHost: ${site}\r\nConnection: close\r\n\r\n`;
  t.is(await sendPlain(otherTarget), "");
  const otherHost = `GET http://${site}/x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
  t.notRegex(await sendPlain(otherHost), /evil/);
});

test.serial("three scheduled renewals do not affect 50 open websockets", async (t) => {
  await stage.startPebble({ validity: 42 });
  const { serial } = await stage.status();
  await stage.edge.signal("USR2");
  await stage.statusWhen(
    "the certificate has a short lifetime",
    (status) => status.serial !== serial,
  );
  const { stats, stop } = await openWebsockets(address, 443, site, 50);
  t.teardown(stop);
  // The same number directly to the upstream shows how slow this machine is at the moment.
  const direct = await openWebsockets(address, 8000, site, 50);
  t.teardown(direct.stop);
  const serials = new Set<string>();
  await stage.statusWhen(
    "it is renewed three times",
    (status) => status.kind === "acme" && serials.add(status.serial).size === 4,
    240,
  );
  const before = stats.answers;
  await stage.startPebble();
  await stage.edge.signal("USR2");
  await stage.statusWhen(
    "the certificate has a long lifetime again",
    ({ notAfter }) => Number(notAfter) > Date.now() + 3_600_000,
    120,
  );
  t.true(stats.answers > before);
  const [edge, upstream] = [stop(), direct.stop()];
  const ms = (milliseconds: number) => `${Math.round(milliseconds)} ms`;
  const figures = `${edge.answers} answers, the slowest after ${ms(edge.slowest)}; without the edge ${upstream.answers}, ${ms(upstream.slowest)}`;
  t.log(figures);
  t.deepEqual(edge.broken, []);
  t.true(edge.slowest < upstream.slowest + 1000, figures);
});

test.serial(
  "the edge keeps its certificate while the authority is down and while the domain resolves elsewhere",
  async (t) => {
    await stage.stopPebble();
    const { serial } = await stage.status();
    await stage.edge.signal("USR2");
    const unreachable = await stage.statusWhen(
      "an attempt failed",
      ({ attempt }) => attempt?.outcome === "failed",
    );
    t.regex(unreachable.attempt?.error ?? "", /acme\.example\.org:14000 does not answer/);
    t.is(unreachable.serial, serial);
    await stage.startPebble();
    await stage.pointSiteTo(elsewhere);
    await stage.writeSettings({ otherNames: [`www.${site}`] });
    const misdirected = await stage.statusWhen("the wrong address is reported", ({ attempt }) =>
      (attempt?.error ?? "").startsWith(`${site} points to ${elsewhere}, where`),
    );
    t.is(misdirected.serial, serial);
    await stage.pointSiteTo(address);
    const both = await stage.statusWhen(
      "the certificate has both names",
      ({ names }) => names.length === 2,
    );
    t.is(both.attempt?.outcome, "ok");
  },
);

test.serial(
  "the edge recovers with the same certificate after nginx, its container or the machine was killed",
  async (t) => {
    const { serial } = await stage.status();
    for (const kill of [
      "pkill -9 -o -x nginx",
      "pkill -9 -x -f 'node /app/edge.mjs'",
      stage.edge.kill,
    ]) {
      const { at } = await stage.status();
      await lab.on(1, kill);
      await stage.statusWhen(`the edge runs after ${kill}`, (status) => status.at > at);
      t.true((await verifyCertificate(address, await stage.root())).ok);
    }
    const { at } = await stage.status();
    await lab.lab("kill", "1");
    await lab.lab("boot", "1");
    const after = await stage.statusWhen("the edge runs", (status) => status.at > at, 180);
    t.is(after.serial, serial);
  },
);

/** Sends bytes to port 80 and returns all bytes until the other side closes. */
const sendPlain = async (bytes: string): Promise<string> => {
  const socket = connect(80, address);
  socket.write(bytes);
  return text(socket).catch(() => "");
};
