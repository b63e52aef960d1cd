import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { settingsFrom } from "../../contracts/edge-settings.js";
import { keepIssued } from "../../nginx/acme/issued.js";
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
  const { candidates, ownTrouble } = await candidatesFor(settings, new Date(), () => {});
  const [{ kind, pair } = { kind: "none", pair: undefined }] = candidates;
  return { kind, serial: pair?.leaf.serialNumber, trouble: ownTrouble?.message };
};

const putOwn = async (folder: string, certificate: string, key: string): Promise<void> => {
  await mkdir(join(folder, "own"), { recursive: true });
  await writeFile(join(folder, "own/certificate.pem"), certificate);
  await writeFile(join(folder, "own/key.pem"), key);
};

test("with nothing there, it is self-signed", async (t) => {
  t.is((await best(settingsIn(await folderOf(t)))).kind, "self-signed");
});

test("what an authority gave is served, also when by our clock it has ended", async (t) => {
  const folder = await folderOf(t);
  const { pair } = sign(["geo.example.org"], 90, 100);
  await keepIssued(settingsIn(folder), pair);
  t.is((await best(settingsIn(folder))).serial, pair.leaf.serialNumber);
});

test("while a new one is asked for the former goes on, if it is for the first name and has not ended", async (t) => {
  const folder = await folderOf(t);
  const { pair } = sign(["geo.example.org"]);
  await keepIssued(settingsIn(folder), pair);
  await keepIssued(settingsIn(folder, { domain: "b.example" }), sign(["b.example"]).pair);
  const otherNames = ["www.geo.example.org"];
  t.is((await best(settingsIn(folder, { otherNames }))).serial, pair.leaf.serialNumber);
  const tls = { kind: "acme", directory: "https://other.example/dir" };
  t.is((await best(settingsIn(folder, { tls }))).serial, pair.leaf.serialNumber);
  t.is((await best(settingsIn(folder, { domain: "c.example" }))).kind, "self-signed");
  t.is((await best(settingsIn(folder, { tls: { kind: "self-signed" } }))).kind, "self-signed");
});

test("an own certificate is served, and while a newer one is broken the last good one", async (t) => {
  const folder = await folderOf(t);
  const settings = settingsIn(folder, { tls: { kind: "own" } });
  t.regex((await best(settings)).trouble ?? "", /cannot be served: .*ENOENT/);
  const { certificate, intermediate, key, pair } = sign(["geo.example.org"]);
  await putOwn(folder, certificate + intermediate, key);
  t.deepEqual(await best(settings), {
    kind: "own",
    serial: pair.leaf.serialNumber,
    trouble: undefined,
  });
  const broken: [string, string, RegExp][] = [
    [certificate, sign(["geo.example.org"]).key, /the key belongs to another/],
    ["", "", /there is no certificate/],
    ...[sign(["other.example"]), sign(["geo.example.org"], 10, 11)].map(
      (other): [string, string, RegExp] => [
        other.certificate,
        other.key,
        /it is not for geo\.example\.org|it ended on/,
      ],
    ),
  ];
  for (const [otherCertificate, otherKey, why] of broken) {
    await putOwn(folder, otherCertificate, otherKey);
    const served = await best(settings);
    t.is(served.serial, pair.leaf.serialNumber);
    t.regex(served.trouble ?? "", why);
  }
});
