import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key as PEM texts. */
export type Pair = { certificate: string; key: string };

/** Properties of a test's certificate; it is valid from now. */
type Kind = {
  name: string;
  issuer?: Pair;
  authority?: boolean;
  sans?: string;
  days?: number;
  usage?: string;
  rsaBits?: number;
  /** Replaces all extensions, in the format of openssl's files. */
  extensions?: string;
};

/** Creates a certificate with openssl, signed by another one or by itself. */
export const certificateOf = ({
  name,
  issuer,
  authority = false,
  sans = `DNS:${name}`,
  days = 90,
  usage = "serverAuth",
  rsaBits,
  extensions,
}: Kind): Pair => {
  const folder = mkdtempSync(join(tmpdir(), "swarmhub-certificate-"));
  const at = (file: string): string => join(folder, file);
  const openssl = (...argv: string[]) => execFileSync("openssl", argv, { stdio: "pipe" });
  try {
    const kind =
      rsaBits === undefined
        ? ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
        : [`rsa:${rsaBits}`];
    const subject = ["-subj", `/CN=${name}`];
    openssl(
      "req",
      "-new",
      "-newkey",
      ...kind,
      "-noenc",
      "-keyout",
      at("key"),
      "-out",
      at("csr"),
      ...subject,
    );
    const usual = authority
      ? "basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign"
      : `subjectAltName=${sans}\n${usage === "" ? "" : `extendedKeyUsage=${usage}`}`;
    writeFileSync(at("extensions"), extensions ?? usual);
    writeFileSync(at("ca"), issuer?.certificate ?? "");
    writeFileSync(at("ca-key"), issuer?.key ?? "");
    const by =
      issuer === undefined ? ["-key", at("key")] : ["-CA", at("ca"), "-CAkey", at("ca-key")];
    openssl(
      "x509",
      "-req",
      "-in",
      at("csr"),
      ...by,
      "-days",
      String(days),
      "-extfile",
      at("extensions"),
      "-out",
      at("crt"),
    );
    return { certificate: readFileSync(at("crt"), "utf8"), key: readFileSync(at("key"), "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
};
