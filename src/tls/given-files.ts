import { createHash } from "node:crypto";
import type { AcmeConfig, SecretSource, TlsConfig } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import { type SecretAccess, secretFromEnvironment } from "../operator/secret.js";
import type { givenNames } from "../paths.js";
import { certificatesIn, checkRoots } from "./chain.js";
import { OwnFileError, checkOwn } from "./own-certificate.js";

/** A file of the operator for the edge; `name` is its path below the folder of certificates. */
export type GivenFile = { name: GivenName; content: string; hash: string; mode: number };

type GivenName = (typeof givenNames)[number];

/** The operator's files for the edge; `serial` is that of the own certificate, `warnings` are sentences. */
export type GivenFiles = { files: GivenFile[]; serial?: string; warnings: string[] };

/** Where the files and secrets are read from, and the clock. */
type Sources = SecretAccess & { now: () => Date };

/** Reads and checks the files of `tls` for a class with these names; throws a UserError (usage) that never repeats a secret. */
export const readGivenFiles = async (
  tls: TlsConfig,
  names: readonly string[],
  sources: Sources,
): Promise<GivenFiles> => {
  if (tls.kind === "own") return ownFiles(tls, names, sources);
  if (tls.kind === "acme") return acmeFiles(tls, sources);
  return { files: [], warnings: [] };
};

const ownFiles = async (
  paths: { certificate: string; key: string },
  names: readonly string[],
  sources: Sources,
): Promise<GivenFiles> => {
  const [certificate, key] = await Promise.all([
    readText("tls.certificate", paths.certificate, sources),
    readText("tls.key", paths.key, sources),
  ]);
  try {
    const { serial, warnings } = checkOwn({ certificate, key, names, now: sources.now() });
    return {
      files: [file("own/certificate.pem", certificate), file("own/key.pem", key)],
      serial,
      warnings: warnings.map((text) => `tls.certificate: ${paths.certificate}: ${text}`),
    };
  } catch (error) {
    if (!(error instanceof OwnFileError)) throw error;
    throw invalid(`tls.${error.file}`, paths[error.file], error);
  }
};

const acmeFiles = async ({ ca, eab, dns }: AcmeConfig, sources: Sources): Promise<GivenFiles> => {
  const files = await Promise.all([
    ...(ca === undefined ? [] : [caFile(ca, sources)]),
    ...(eab === undefined ? [] : [eabFile(eab.key, sources)]),
    ...(dns?.kind === "hook" ? [hookFile(dns.hook, sources)] : []),
    ...(dns?.kind === "plugin" ? [credentialsFile(dns.credentials, sources)] : []),
  ]);
  return { files, warnings: [] };
};

const caFile = async (path: string, sources: Sources): Promise<GivenFile> => {
  const text = await readText("tls.acme.ca", path, sources);
  return checked("tls.acme.ca", path, () => {
    checkRoots(certificatesIn(text));
    return file("acme/ca.pem", text);
  });
};

const eabFile = async (source: SecretSource, sources: Sources): Promise<GivenFile> => {
  const option = "tls.acme.eab.key";
  const { text, place } = await readSecret(option, source, sources);
  const key = text.trim().replace(/=+$/, "");
  return checked(option, place, () => {
    if (!/^[\w-]{16,512}$/.test(key))
      throw new UserError("it is not base64url text, as an authority gives it", {
        hint: "copy it again: letters, digits, - and _ on one line",
      });
    return file("acme/eab-key", key);
  });
};

const credentialsFile = async (source: SecretSource, sources: Sources): Promise<GivenFile> => {
  const option = "tls: dns.credentials";
  const { text, place } = await readSecret(option, source, sources);
  return checked(option, place, () => {
    if (!/^dns_rfc2136_server *=/m.test(text))
      throw new UserError("there is no line `dns_rfc2136_server = …` in it", {
        hint: "write it in the format of certbot's plugin rfc2136: server, name, secret, algorithm",
      });
    return file("acme/dns-credentials.ini", text);
  });
};

const hookFile = async (path: string, sources: Sources): Promise<GivenFile> => {
  const text = await readText("tls: dns.hook", path, sources);
  return checked("tls: dns.hook", path, () => {
    if (!text.startsWith("#!/"))
      throw new UserError("the script does not start with #!/, so it cannot be run", {
        hint: "start it with #!/bin/sh",
      });
    return file("acme/dns-hook", text, 0o700);
  });
};

const readSecret = async (
  option: string,
  source: SecretSource,
  sources: Sources,
): Promise<{ text: string; place: string }> => {
  if (source.kind === "env")
    return { text: secretFromEnvironment(option, source.name, sources), place: `$${source.name}` };
  const place = source.kind === "file" ? source.path : "";
  return { text: await readText(option, place, sources), place };
};

const maximumLength = 256 * 1024;

const readText = async (option: string, path: string, sources: Sources): Promise<string> => {
  let text: string;
  try {
    text = await sources.readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw invalid(
        option,
        path,
        new UserError("the file does not exist", { hint: "check the path" }),
      );
    const reason = `the file cannot be read (${code ?? String(error)})`;
    throw invalid(option, path, new UserError(reason, { hint: "check its owner and mode" }));
  }
  if (text.length > maximumLength || text.includes("\0"))
    throw invalid(
      option,
      path,
      new UserError("the file is not a short text file", { hint: "check the path" }),
    );
  return text;
};

const checked = <T>(option: string, path: string, check: () => T): T => {
  try {
    return check();
  } catch (error) {
    throw error instanceof UserError ? invalid(option, path, error) : error;
  }
};

const invalid = (option: string, path: string, { reason, hint }: UserError): UserError =>
  new UserError(`${option}: ${path}: ${reason}`, { hint, code: exitCode.usage });

const file = (name: GivenName, content: string, mode = 0o600): GivenFile => ({
  name,
  content,
  hash: createHash("sha256").update(content).digest("hex"),
  mode,
});
