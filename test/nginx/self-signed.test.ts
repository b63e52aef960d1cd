import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { selfSigned } from "../../nginx/self-signed.js";

const names = ["geo.example.org", "10.77.0.11"];
const today = new Date();
const inDays = (days: number): Date => new Date(today.getTime() + days * 24 * 60 * 60 * 1000);

const folderOf = async (t: ExecutionContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-certificate-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
};

const create = (folder: string, of: readonly string[] = names, now = today) =>
  selfSigned(folder, folder, of, now);

test("an empty folder gets a certificate for domain and address, for 825 days, that only its owner can read", async (t) => {
  const folder = await folderOf(t);
  const { pair, reason } = await create(folder);
  t.is(reason, "there was none");
  t.is(pair.leaf.subjectAltName, "DNS:geo.example.org, IP Address:10.77.0.11");
  t.false(pair.leaf.ca);
  const days = (Date.parse(pair.leaf.validTo) - Date.parse(pair.leaf.validFrom)) / 86_400_000;
  t.is(Math.round(days), 825);
  t.is((await stat(join(folder, "self-signed.pem"))).mode & 0o777, 0o600);
  t.deepEqual(await readdir(folder), ["self-signed.pem"]);
});

test("a second start keeps a certificate that fits, also for fewer names", async (t) => {
  const folder = await folderOf(t);
  const { pair } = await create(folder);
  t.is((await create(folder)).reason, undefined);
  const later = await create(folder, ["10.77.0.11"], inDays(700));
  t.is(later.pair.leaf.serialNumber, pair.leaf.serialNumber);
});

test("a certificate for other names is replaced", async (t) => {
  const folder = await folderOf(t);
  await create(folder, ["old.example.org"]);
  t.is((await create(folder)).reason, "the old one does not cover geo.example.org and 10.77.0.11");
});

test("a certificate that was created by a clock far ahead, or that expires soon, is replaced", async (t) => {
  const folder = await folderOf(t);
  await create(folder);
  t.regex(
    (await create(folder, names, inDays(-365))).reason ?? "",
    /^the old one is not valid before /,
  );
  t.regex((await create(folder, names, inDays(800))).reason ?? "", /^the old one expires on /);
});

test("a file with another key, or half a file, is replaced", async (t) => {
  const [folder, other] = [await folderOf(t), await folderOf(t)];
  const path = join(folder, "self-signed.pem");
  const [one, two] = [await create(folder), await create(other)];
  const key = (pem: string) => pem.slice(pem.indexOf("-----BEGIN PRIVATE"));
  await writeFile(path, one.pair.pem.replace(key(one.pair.pem), key(two.pair.pem)));
  t.is((await create(folder)).reason, "the private key belongs to another certificate");
  await writeFile(path, (await readFile(path, "utf8")).slice(0, 300));
  t.is((await create(folder)).reason, "there is no certificate in the file");
  t.is((await create(folder)).reason, undefined);
});

test("a certificate that cannot be stored is served all the same", async (t) => {
  const folder = await folderOf(t);
  const { pair } = await selfSigned("/dev/null/nowhere", folder, names, today);
  t.is(pair.leaf.checkHost("geo.example.org"), "geo.example.org");
});

test("an IPv6 address is covered as well", async (t) => {
  const folder = await folderOf(t);
  await create(folder, ["2001:db8::1"]);
  t.is((await create(folder, ["2001:db8::1"])).reason, undefined);
});
