import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/** A new key and a self-signed certificate for it, valid for so many days (PEM); `folder` is one in memory. */
export const newCertificate = async (
  folder: string,
  names: readonly string[],
  days: number,
): Promise<{ key: string; certificate: string }> => {
  const { key, output } = await withNewKey(folder, names, ["-x509", "-days", String(days)]);
  return { key, certificate: output };
};

/** A new key and a certificate signing request for it (PEM); `folder` is one in memory. */
export const newRequest = async (
  folder: string,
  names: readonly string[],
): Promise<{ key: string; request: string }> => {
  const { key, output } = await withNewKey(folder, names, ["-new", "-subj", "/"]);
  return { key, request: output };
};

const withNewKey = async (folder: string, names: readonly string[], kind: readonly string[]) => {
  const work = await mkdtemp(join(folder, ".openssl-"));
  try {
    await chmod(work, 0o700);
    const configuration = join(work, "openssl.cnf");
    const [key, output] = [join(work, "key"), join(work, "output")];
    await writeFile(configuration, configurationFor(names, kind.includes("-x509")));
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
    const files = ["-config", configuration, "-keyout", key, "-out", output];
    await run("openssl", ["req", ...kind, ...curve, ...files]);
    return { key: await readFile(key, "utf8"), output: await readFile(output, "utf8") };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
};

const run = promisify(execFile);

const configurationFor = (names: readonly string[], isSelfSigned: boolean): string =>
  [
    "[req]",
    "prompt = no",
    "distinguished_name = subject",
    `${isSelfSigned ? "x509" : "req"}_extensions = extensions`,
    "[subject]",
    "O = swarmhub",
    // A common name holds at most 64 characters; browsers read subjectAltName only.
    `CN = ${(names[0] ?? "swarmhub").slice(0, 64)}`,
    "[extensions]",
    ...(isSelfSigned
      ? [
          "basicConstraints = critical,CA:FALSE",
          "keyUsage = critical,digitalSignature",
          "extendedKeyUsage = serverAuth",
        ]
      : []),
    `subjectAltName = ${names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`).join(",")}`,
    "",
  ].join("\n");
