import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificatePair, pairFrom } from "../../../nginx/certificate-pair.js";

/** A root, an intermediate below it, and the certificates that they sign. */
export type Authority = {
  root: string;
  /** A pair and its parts as PEM: certificate, intermediate, key. It is valid for `days`, since `began` days ago. */
  sign: (
    names: readonly string[],
    days?: number,
    began?: number,
  ) => { certificate: string; intermediate: string; key: string; pair: CertificatePair };
};

/** Creates one with openssl. */
export const makeAuthority = (): Authority => {
  const folder = mkdtempSync(join(tmpdir(), "swarmhub-authority-"));
  const at = (name: string) => join(folder, name);
  const read = (name: string) => readFileSync(at(name), "utf8");
  const openssl = (...argv: string[]) =>
    execFileSync("openssl", argv, { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
  try {
    writeFileSync(at("ca.ext"), "basicConstraints=critical,CA:TRUE\n");
    openssl(
      "req",
      "-x509",
      ...newKey,
      "-subj",
      "/CN=root",
      "-keyout",
      "root.key",
      "-out",
      "root.pem",
    );
    openssl("req", ...newKey, "-subj", "/CN=between", "-keyout", "ca.key", "-out", "ca.csr");
    const by = ["-CA", "root.pem", "-CAkey", "root.key", "-days", "3650"];
    openssl("x509", "-req", "-in", "ca.csr", ...by, "-extfile", "ca.ext", "-out", "ca.pem");
    const [root, intermediate, key] = [read("root.pem"), read("ca.pem"), read("ca.key")];
    return { root, sign: (...request) => signBy({ intermediate, key }, ...request) };
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const signBy = (
  by: { intermediate: string; key: string },
  names: readonly string[],
  days = 90,
  began = 0,
) => {
  const folder = mkdtempSync(join(tmpdir(), "swarmhub-authority-"));
  const at = (name: string) => join(folder, name);
  const openssl = (...argv: string[]) =>
    execFileSync("openssl", argv, { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });
  try {
    writeFileSync(at("ca.pem"), by.intermediate);
    writeFileSync(at("ca.key"), by.key);
    const subject = names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`).join(",");
    writeFileSync(at("ext"), `subjectAltName=${subject}\nauthorityKeyIdentifier=keyid\n`);
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
    openssl("req", ...curve, "-subj", "/", "-keyout", "key", "-out", "csr");
    const time = (ms: number) =>
      `${new Date(ms).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}Z`;
    const start = Date.now() - began * 86_400_000;
    // Only `openssl ca` can set the start date.
    writeFileSync(at("index"), "");
    writeFileSync(
      at("cnf"),
      "[ca]\ndefault_ca=c\n[c]\ndatabase=index\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=optional\n",
    );
    const times = ["-startdate", time(start), "-enddate", time(start + days * 86_400_000)];
    const files = ["-cert", "ca.pem", "-keyfile", "ca.key", "-in", "csr", "-out", "pem"];
    openssl("ca", "-batch", "-notext", "-config", "cnf", "-extfile", "ext", ...times, ...files);
    const [certificate, key] = [readFileSync(at("pem"), "utf8"), readFileSync(at("key"), "utf8")];
    const { intermediate } = by;
    const pair = pairFrom(`${certificate}${intermediate}${key}`);
    return { certificate, intermediate, key, pair };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
