import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { settingsFrom } from "../../contracts/edge-settings.js";
import { storeIssued } from "../../nginx/acme/issued.js";
import { candidatesFor } from "../../nginx/candidates.js";
import { makeAuthority } from "./support/signing.js";

const { sign } = makeAuthority();
const directory = "https://acme.example/dir";

const folderOf = async (t: ExecutionContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-candidates-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
};

const settingsIn = (folder: string, changes: Record<string, unknown> = {}) =>
  settingsFrom(
    JSON.stringify({
      domain: "geo.example.org",
      address: "10.77.0.11",
      tls: { kind: "acme", directory },
      folders: { certificates: folder, run: folder },
      ...changes,
    }),
  );

const best = async (settings: ReturnType<typeof settingsIn>) => {
  const { candidates, ownProblem } = await candidatesFor(settings, new Date(), () => {});
  const [{ kind, pair } = { kind: "none", pair: undefined }] = candidates;
  return { kind, serial: pair?.leaf.serialNumber, problem: ownProblem?.message };
};

const writeOwn = async (folder: string, certificate: string, key: string): Promise<void> => {
  await mkdir(join(folder, "own"), { recursive: true });
  await writeFile(join(folder, "own/certificate.pem"), certificate);
  await writeFile(join(folder, "own/key.pem"), key);
};

test("an empty folder gets a self-signed certificate", async (t) => {
  t.is((await best(settingsIn(await folderOf(t)))).kind, "self-signed");
});

test("an issued certificate is served, even when it has expired by our clock", async (t) => {
  const folder = await folderOf(t);
  const { pair } = sign(["geo.example.org"], 90, 100);
  await storeIssued(settingsIn(folder), pair);
  t.is((await best(settingsIn(folder))).serial, pair.leaf.serialNumber);
});

test("while a new one is requested the previous one is served, if it covers the first name and has not expired", async (t) => {
  const folder = await folderOf(t);
  const { pair } = sign(["geo.example.org"]);
  await storeIssued(settingsIn(folder), pair);
  await storeIssued(settingsIn(folder, { domain: "b.example" }), sign(["b.example"]).pair);
  const otherNames = ["www.geo.example.org"];
  t.is((await best(settingsIn(folder, { otherNames }))).serial, pair.leaf.serialNumber);
  const tls = { kind: "acme", directory: "https://other.example/dir" };
  t.is((await best(settingsIn(folder, { tls }))).serial, pair.leaf.serialNumber);
  t.is((await best(settingsIn(folder, { domain: "c.example" }))).kind, "self-signed");
  t.is((await best(settingsIn(folder, { tls: { kind: "self-signed" } }))).kind, "self-signed");
});

test("with subdomains a certificate for the domain alone is served until one for both names is there", async (t) => {
  const folder = await folderOf(t);
  const { pair, certificate, intermediate, key } = sign(["geo.example.org"]);
  await storeIssued(settingsIn(folder), pair);
  const tls = { kind: "acme", directory, dns: { hook: true } };
  const settings = settingsIn(folder, { subdomains: true, tls });
  t.is((await best(settings)).serial, pair.leaf.serialNumber);
  const both = sign(["geo.example.org", "*.geo.example.org"]);
  await storeIssued(settings, both.pair);
  t.is((await best(settings)).serial, both.pair.leaf.serialNumber);
  await writeOwn(folder, certificate + intermediate, key);
  const own = await best(settingsIn(folder, { subdomains: true, tls: { kind: "own" } }));
  t.regex(own.problem ?? "", /it does not cover \*\.geo\.example\.org/);
});

test("an own certificate is served, or the last good one while a newer one is invalid", async (t) => {
  const folder = await folderOf(t);
  const settings = settingsIn(folder, { tls: { kind: "own" } });
  t.regex((await best(settings)).problem ?? "", /cannot be served: .*ENOENT/);
  const { certificate, intermediate, key, pair } = sign(["geo.example.org"]);
  await writeOwn(folder, certificate + intermediate, key);
  t.deepEqual(await best(settings), {
    kind: "own",
    serial: pair.leaf.serialNumber,
    problem: undefined,
  });
  const invalid: [string, string, RegExp][] = [
    [certificate, sign(["geo.example.org"]).key, /the private key belongs to another certificate/],
    ["", "", /there is no certificate in the file/],
    ...[sign(["other.example"]), sign(["geo.example.org"], 10, 11)].map(
      (other): [string, string, RegExp] => [
        other.certificate,
        other.key,
        /it does not cover geo\.example\.org|it expired on/,
      ],
    ),
  ];
  for (const [otherCertificate, otherKey, reason] of invalid) {
    await writeOwn(folder, otherCertificate, otherKey);
    const served = await best(settings);
    t.is(served.serial, pair.leaf.serialNumber);
    t.regex(served.problem ?? "", reason);
  }
});
