import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";

/** A new key and, by it, a certificate that vouches for itself for so many days; made in a folder of memory. */
export const newCertificate = (
  folder: string,
  names: readonly string[],
  days: number,
): Promise<{ key: string; made: string }> =>
  withNewKey(folder, names, ["-x509", "-days", String(days)]);

/** A new key and, by it, a request for a certificate. */
export const newRequest = (
  folder: string,
  names: readonly string[],
): Promise<{ key: string; made: string }> => withNewKey(folder, names, ["-new", "-subj", "/"]);

const withNewKey = async (folder: string, names: readonly string[], kind: readonly string[]) => {
  const beside = await mkdtemp(join(folder, ".openssl-"));
  try {
    await chmod(beside, 0o700);
    const configuration = join(beside, "openssl.cnf");
    const [key, made] = [join(beside, "key"), join(beside, "made")];
    await writeFile(configuration, configurationFor(names, kind.includes("-x509")));
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc"];
    const files = ["-config", configuration, "-keyout", key, "-out", made];
    await run("openssl", ["req", ...kind, ...curve, ...files]);
    return { key: await readFile(key, "utf8"), made: await readFile(made, "utf8") };
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
};

const run = promisify(execFile);

const configurationFor = (names: readonly string[], selfSigned: boolean): string =>
  [
    "[req]",
    "prompt = no",
    "distinguished_name = subject",
    `${selfSigned ? "x509" : "req"}_extensions = extensions`,
    "[subject]",
    "O = swarmhub",
    // A common name has room for 64 characters; browsers read the other names only.
    `CN = ${(names[0] ?? "swarmhub").slice(0, 64)}`,
    "[extensions]",
    ...(selfSigned
      ? [
          "basicConstraints = critical,CA:FALSE",
          "keyUsage = critical,digitalSignature",
          "extendedKeyUsage = serverAuth",
        ]
      : []),
    `subjectAltName = ${names.map((name) => `${isIP(name) === 0 ? "DNS" : "IP"}:${name}`).join(",")}`,
    "",
  ].join("\n");
