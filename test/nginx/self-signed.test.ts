import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { selfSigned } from "../../nginx/self-signed.js";

const names = ["geo.example.org", "10.77.0.11"];
const today = new Date();
const daysOn = (days: number): Date => new Date(today.getTime() + days * 24 * 60 * 60 * 1000);

const folderOf = async (t: ExecutionContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-certificate-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
};

const made = (folder: string, of: readonly string[] = names, now = today) =>
  selfSigned(folder, folder, of, now);

test("an empty folder gets a certificate for domain and address, 825 days, for its owner only", async (t) => {
  const folder = await folderOf(t);
  const { pair, why } = await made(folder);
  t.is(why, "there was none");
  t.is(pair.leaf.subjectAltName, "DNS:geo.example.org, IP Address:10.77.0.11");
  t.false(pair.leaf.ca);
  const days = (Date.parse(pair.leaf.validTo) - Date.parse(pair.leaf.validFrom)) / 86_400_000;
  t.is(Math.round(days), 825);
  t.is((await stat(join(folder, "self-signed.pem"))).mode & 0o777, 0o600);
  t.deepEqual(await readdir(folder), ["self-signed.pem"]);
});

test("a second start keeps what fits, also for fewer names", async (t) => {
  const folder = await folderOf(t);
  const { pair } = await made(folder);
  t.is((await made(folder)).why, undefined);
  const later = await made(folder, ["10.77.0.11"], daysOn(700));
  t.is(later.pair.leaf.serialNumber, pair.leaf.serialNumber);
});

test("a certificate for other names is replaced", async (t) => {
  const folder = await folderOf(t);
  await made(folder, ["old.example.org"]);
  t.is((await made(folder)).why, "it was not for geo.example.org and 10.77.0.11");
});

test("one that was made by a clock far ahead, or that soon ends, is replaced", async (t) => {
  const folder = await folderOf(t);
  await made(folder);
  t.regex((await made(folder, names, daysOn(-365))).why ?? "", /^it begins on /);
  t.regex((await made(folder, names, daysOn(800))).why ?? "", /^it ends on /);
});

test("a key of another certificate or half a file is mended", async (t) => {
  const [folder, other] = [await folderOf(t), await folderOf(t)];
  const path = join(folder, "self-signed.pem");
  const [one, two] = [await made(folder), await made(other)];
  const key = (pem: string) => pem.slice(pem.indexOf("-----BEGIN PRIVATE"));
  await writeFile(path, one.pair.pem.replace(key(one.pair.pem), key(two.pair.pem)));
  t.is((await made(folder)).why, "the key belongs to another certificate");
  await writeFile(path, (await readFile(path, "utf8")).slice(0, 300));
  t.is((await made(folder)).why, "there is no certificate in it");
  t.is((await made(folder)).why, undefined);
});

test("where nothing can be kept it is served all the same", async (t) => {
  const folder = await folderOf(t);
  const { pair } = await selfSigned("/dev/null/nowhere", folder, names, today);
  t.is(pair.leaf.checkHost("geo.example.org"), "geo.example.org");
});

test("an address of IPv6 is a name as well", async (t) => {
  const folder = await folderOf(t);
  await made(folder, ["2001:db8::1"]);
  t.is((await made(folder, ["2001:db8::1"])).why, undefined);
});
