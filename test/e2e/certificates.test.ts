import { connect } from "node:net";
import { text } from "node:stream/consumers";
import test from "ava";
import { setStage } from "./support/acme-stage.js";
import { isTrusted, sClient, site } from "./support/authority.js";
import { bootLab } from "./support/lab.js";
import { openEchoes } from "./support/open-websockets.js";

// The edge by itself in front of a stand-in, with an authority and a DNS server beside it on one machine.
const lab = await bootLab("e2e-certificates", 1, 2048, { prepared: true });
const address = lab.address(1);
const stage = await setStage(lab);
/** The lab's gateway, which has no web server. */
const elsewhere = address.replace(/\d+$/, "1");

test.after.always(() => lab.lab("down"));

test.serial("the first certificate: self-signed at once, the real one after seconds", async (t) => {
  await stage.pebble();
  await stage.settings();
  const begun = performance.now();
  const since = () => `${((performance.now() - begun) / 1000).toFixed(1)} s`;
  await stage.edge.start();
  await stage.statusWhen("something is served", ({ serial }) => serial !== "");
  t.log(`something is served ${since()} after the container was started`);
  const { issuer } = await stage.statusWhen("it is real", ({ kind }) => kind === "acme", 90);
  t.log(`the real certificate is served after ${since()}`);
  t.regex(issuer, /^Pebble Intermediate CA/);
  const { ok, said } = await isTrusted(address, await stage.root());
  t.true(ok, said);
  t.regex(said, /Verify return code: 0 \(ok\)/);
});

test.serial(
  "no old protocol, no weak cipher, and nothing for a name that is not ours",
  async (t) => {
    const named = ["-servername", site];
    for (const version of ["-tls1_2", "-tls1_3"])
      t.true((await sClient(address, ...named, version)).ok, version);
    for (const version of ["-tls1", "-tls1_1"])
      t.false(
        (await sClient(address, ...named, version, "-cipher", "ALL:@SECLEVEL=0")).ok,
        version,
      );
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
    t.notRegex((await sClient(address, "-servername", "evil.example")).said, /BEGIN CERTIFICATE/);
    t.notRegex((await sClient(address, "-noservername")).said, /BEGIN CERTIFICATE/);
    const { said } = await sClient(address, ...named, "-alpn", "h2");
    t.regex(said, /ALPN protocol: h2/);
  },
);

test.serial("what a request claims about itself reaches nobody", async (t) => {
  const claims = ["X-Forwarded-User: teacher", "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6"];
  const headers = claims.map((claim) => `-H '${claim}'`).join(" ");
  const resolve = `--resolve ${site}:443:127.0.0.1`;
  const said = await lab.on(1, `curl -sk -i ${resolve} ${headers} https://${site}/hub/`);
  t.regex(said, /"url":"\/hub\/"/);
  t.notRegex(said, /teacher|6\.6\.6\.6/);
  t.regex(said, /^strict-transport-security: max-age=/im);
  const absolute = `GET http://evil.example/x HTTP/1.1\r\nHost: ${site}\r\nConnection: close\r\n\r\n`;
  t.is(await plainly(absolute), "");
  const swapped = `GET http://${site}/x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`;
  t.notRegex(await plainly(swapped), /evil/);
});

test.serial("three renewals on the schedule, and none of 50 open websockets notices", async (t) => {
  await stage.pebble({ validity: 42 });
  const { serial } = await stage.status();
  await stage.edge.signal("USR2");
  await stage.statusWhen("it is a short one", (status) => status.serial !== serial);
  const { seen, stop } = await openEchoes(address, 443, site, 50);
  // The same past the edge, for how late answers come on this machine just now.
  const past = await openEchoes(address, 8000, site, 50);
  const serials = new Set<string>();
  await stage.statusWhen(
    "it was renewed three times",
    (status) => status.kind === "acme" && serials.add(status.serial).size === 4,
    240,
  );
  const before = seen.answers;
  await stage.pebble();
  await stage.edge.signal("USR2");
  await stage.statusWhen(
    "it lives longer again",
    ({ notAfter }) => Number(notAfter) > Date.now() + 3_600_000,
    120,
  );
  t.true(seen.answers > before);
  const [through, around] = [stop(), past.stop()];
  const ms = (milliseconds: number) => `${Math.round(milliseconds)} ms`;
  const figures = `${through.answers} answers, the latest after ${ms(through.latest)}; past the edge ${around.answers}, ${ms(around.latest)}`;
  t.log(figures);
  t.deepEqual(through.broken, []);
  t.true(through.latest < around.latest + 1000, figures);
});

test.serial(
  "an authority that is away, and a name that leads elsewhere, keep nobody out",
  async (t) => {
    await stage.stopPebble();
    const { serial } = await stage.status();
    await stage.edge.signal("USR2");
    const away = await stage.statusWhen(
      "it failed",
      ({ attempt }) => attempt?.outcome === "failed",
    );
    t.regex(away.attempt?.error ?? "", /acme\.example\.org:14000 does not answer/);
    t.is(away.serial, serial);
    await stage.pebble();
    await stage.leadTo(elsewhere);
    await stage.settings({ otherNames: [`www.${site}`] });
    const misled = await stage.statusWhen("it saw that", ({ attempt }) =>
      (attempt?.error ?? "").startsWith(`${site} points to ${elsewhere}, where`),
    );
    t.is(misled.serial, serial);
    await stage.leadTo(address);
    const both = await stage.statusWhen("it has both names", ({ names }) => names.length === 2);
    t.is(both.attempt?.outcome, "ok");
  },
);

test.serial(
  "nginx killed, the container killed, the plug pulled: up again with the same certificate",
  async (t) => {
    const { serial } = await stage.status();
    for (const kill of [
      "pkill -9 -o -x nginx",
      "pkill -9 -x -f 'node /app/edge.mjs'",
      stage.edge.kill,
    ]) {
      const { at } = await stage.status();
      await lab.on(1, kill);
      await stage.statusWhen(`it is up after ${kill}`, (status) => status.at > at);
      t.true((await isTrusted(address, await stage.root())).ok);
    }
    const { at } = await stage.status();
    await lab.lab("kill", "1");
    await lab.lab("boot", "1");
    const after = await stage.statusWhen("it is up", (status) => status.at > at, 180);
    t.is(after.serial, serial);
  },
);

/** Sends bytes to port 80 and answers what comes until the other side closes. */
const plainly = async (bytes: string): Promise<string> => {
  const socket = connect(80, address);
  socket.write(bytes);
  return text(socket).catch(() => "");
};
