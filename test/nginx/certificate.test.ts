import { X509Certificate } from "node:crypto";
import { copyFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ensureCertificate } from "../../nginx/certificate.js";

const names = ["geo.example.org", "10.77.0.11"];
const today = new Date();
const daysOn = (days: number): Date => new Date(today.getTime() + days * 24 * 60 * 60 * 1000);

const folderOf = async (t: ExecutionContext): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-certificate-"));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
};

const certificateIn = async (folder: string): Promise<X509Certificate> =>
  new X509Certificate(await readFile(join(folder, "live.crt")));

test("an empty folder gets a certificate for domain and address, 825 days, the key for its owner only", async (t) => {
  const folder = await folderOf(t);
  t.deepEqual(await ensureCertificate(folder, names, today), { made: true, why: "there was none" });
  const certificate = await certificateIn(folder);
  t.is(certificate.subjectAltName, "DNS:geo.example.org, IP Address:10.77.0.11");
  t.false(certificate.ca);
  const days = (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
  t.is(Math.round(days), 825);
  t.is((await stat(join(folder, "live.key"))).mode & 0o777, 0o600);
  t.deepEqual((await readdir(folder)).toSorted(), ["live.crt", "live.key"]);
});

test("a second start keeps what fits, also for fewer names", async (t) => {
  const folder = await folderOf(t);
  await ensureCertificate(folder, names, today);
  const { serialNumber } = await certificateIn(folder);
  t.false((await ensureCertificate(folder, names, today)).made);
  t.false((await ensureCertificate(folder, ["10.77.0.11"], daysOn(700))).made);
  t.is((await certificateIn(folder)).serialNumber, serialNumber);
});

test("a certificate for other names is replaced, and the former pair is kept", async (t) => {
  const folder = await folderOf(t);
  await ensureCertificate(folder, ["old.example.org"], today);
  const former = await readFile(join(folder, "live.key"), "utf8");
  const { why } = await ensureCertificate(folder, names, today);
  t.is(why, "it was not for geo.example.org and 10.77.0.11");
  t.is(await readFile(join(folder, "former.key"), "utf8"), former);
});

test("one that was made by a clock far ahead is replaced", async (t) => {
  const folder = await folderOf(t);
  await ensureCertificate(folder, names, today);
  t.regex((await ensureCertificate(folder, names, daysOn(-365))).why, /^it begins on /);
});

test("one that soon ends is replaced", async (t) => {
  const folder = await folderOf(t);
  await ensureCertificate(folder, names, today);
  const { made, why } = await ensureCertificate(folder, names, daysOn(800));
  t.true(made);
  t.regex(why, /^it ends on /);
});

test("a key of another certificate, half a file or none is mended", async (t) => {
  const [folder, other] = [await folderOf(t), await folderOf(t)];
  await ensureCertificate(folder, names, today);
  await ensureCertificate(other, names, today);
  await copyFile(join(other, "live.key"), join(folder, "live.key"));
  t.is((await ensureCertificate(folder, names, today)).why, "the key belongs to another one");
  await writeFile(
    join(folder, "live.crt"),
    (await readFile(join(folder, "live.crt"), "utf8")).slice(0, 300),
  );
  t.regex((await ensureCertificate(folder, names, today)).why, /^it could not be read/);
  await rm(join(folder, "live.key"));
  t.is((await ensureCertificate(folder, names, today)).why, "there was none");
  t.false((await ensureCertificate(folder, names, today)).made);
});

test("an address of IPv6 is a name as well", async (t) => {
  const folder = await folderOf(t);
  await ensureCertificate(folder, ["2001:db8::1"], today);
  t.false((await ensureCertificate(folder, ["2001:db8::1"], today)).made);
});
