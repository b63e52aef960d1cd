import { createHash } from "node:crypto";
import type { AcmeConfig, SecretSource, TlsConfig } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import { type SecretAccess, secretFromEnvironment } from "../operator/secret.js";
import type { givenNames } from "../paths.js";
import { certificatesIn, checkRoots } from "./chain.js";
import { OwnFileError, checkOwn } from "./own-certificate.js";

/** A file of the operator's as the edge should have it; `name` is its place below the folder of certificates. */
export type GivenFile = { name: GivenName; content: string; hash: string; mode: number };

type GivenName = (typeof givenNames)[number];

/** What the operator's machine has for the edge; `serial` is the own certificate's, `warnings` are sentences. */
export type Given = { files: GivenFile[]; serial?: string; warnings: string[] };

/** Where it is read from, and when. */
export type GivenWorld = SecretAccess & { now: () => Date };

/** Reads and checks what `tls` names, for a class of these names; throws a UserError (usage) that never repeats a secret. */
export const readGiven = async (
  tls: TlsConfig,
  names: readonly string[],
  world: GivenWorld,
): Promise<Given> => {
  if (tls.kind === "own") return ownFiles(tls, names, world);
  if (tls.kind === "acme") return acmeFiles(tls, world);
  return { files: [], warnings: [] };
};

const ownFiles = async (
  paths: { certificate: string; key: string },
  names: readonly string[],
  world: GivenWorld,
): Promise<Given> => {
  const [certificate, key] = await Promise.all([
    readText("tls.certificate", paths.certificate, world),
    readText("tls.key", paths.key, world),
  ]);
  try {
    const { serial, warnings } = checkOwn({ certificate, key, names, now: world.now() });
    return {
      files: [file("own/certificate.pem", certificate), file("own/key.pem", key)],
      serial,
      warnings: warnings.map((text) => `tls.certificate: ${paths.certificate}: ${text}`),
    };
  } catch (error) {
    if (!(error instanceof OwnFileError)) throw error;
    throw wrong(`tls.${error.file}`, paths[error.file], error);
  }
};

const acmeFiles = async ({ ca, eab, dns }: AcmeConfig, world: GivenWorld): Promise<Given> => {
  const files = await Promise.all([
    ...(ca === undefined ? [] : [caFile(ca, world)]),
    ...(eab === undefined ? [] : [eabFile(eab.key, world)]),
    ...(dns?.kind === "hook" ? [hookFile(dns.hook, world)] : []),
    ...(dns?.kind === "plugin" ? [credentialsFile(dns.credentials, world)] : []),
  ]);
  return { files, warnings: [] };
};

const caFile = async (path: string, world: GivenWorld): Promise<GivenFile> => {
  const text = await readText("tls.acme.ca", path, world);
  return checked("tls.acme.ca", path, () => {
    checkRoots(certificatesIn(text));
    return file("acme/ca.pem", text);
  });
};

const eabFile = async (source: SecretSource, world: GivenWorld): Promise<GivenFile> => {
  const what = "tls.acme.eab.key";
  const { text, place } = await readSecret(what, source, world);
  const key = text.trim().replace(/=+$/, "");
  return checked(what, place, () => {
    if (!/^[\w-]{16,512}$/.test(key))
      throw new UserError("it is not the base64url text that an authority gives for that", {
        hint: "copy it again: letters, digits, - and _ on one line",
      });
    return file("acme/eab-key", key);
  });
};

const credentialsFile = async (source: SecretSource, world: GivenWorld): Promise<GivenFile> => {
  const what = "tls: dns.credentials";
  const { text, place } = await readSecret(what, source, world);
  return checked(what, place, () => {
    if (!/^dns_rfc2136_server *=/m.test(text))
      throw new UserError("there is no line `dns_rfc2136_server = …` in it", {
        hint: "write it as certbot's plugin rfc2136 wants it: server, name, secret, algorithm",
      });
    return file("acme/dns-credentials.ini", text);
  });
};

const hookFile = async (path: string, world: GivenWorld): Promise<GivenFile> => {
  const text = await readText("tls: dns.hook", path, world);
  return checked("tls: dns.hook", path, () => {
    if (!text.startsWith("#!/"))
      throw new UserError("it does not begin with #!/, so that nothing can run it", {
        hint: "begin it with #!/bin/sh",
      });
    return file("acme/dns-hook", text, 0o700);
  });
};

const readSecret = async (
  what: string,
  source: SecretSource,
  world: GivenWorld,
): Promise<{ text: string; place: string }> => {
  if (source.kind === "env")
    return { text: secretFromEnvironment(what, source.name, world), place: `$${source.name}` };
  const place = source.kind === "file" ? source.path : "";
  return { text: await readText(what, place, world), place };
};

const most = 256 * 1024;

const readText = async (what: string, path: string, world: GivenWorld): Promise<string> => {
  let text: string;
  try {
    text = await world.readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT")
      throw wrong(
        what,
        path,
        new UserError("there is no such file", { hint: "name the file that there is" }),
      );
    const why = `it cannot be read (${code ?? String(error)})`;
    throw wrong(what, path, new UserError(why, { hint: "look at its owner and mode" }));
  }
  if (text.length > most || text.includes("\0"))
    throw wrong(
      what,
      path,
      new UserError("it is no text of a few lines", { hint: "name the right file" }),
    );
  return text;
};

const checked = <T>(what: string, path: string, look: () => T): T => {
  try {
    return look();
  } catch (error) {
    throw error instanceof UserError ? wrong(what, path, error) : error;
  }
};

const wrong = (what: string, path: string, { reason, hint }: UserError): UserError =>
  new UserError(`${what}: ${path}: ${reason}`, { hint, code: exitCode.usage });

const file = (name: GivenName, content: string, mode = 0o600): GivenFile => ({
  name,
  content,
  hash: createHash("sha256").update(content).digest("hex"),
  mode,
});
