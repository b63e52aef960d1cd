import { createHash, createHmac, randomBytes } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** One line of a known_hosts file. */
export type KnownHost = {
  marker: "@revoked" | "@cert-authority" | undefined;
  names: string;
  type: string;
  /** The key, base64. */
  key: string;
  /** file:line */
  where: string;
};

/** What known_hosts says about the host key of a machine; `where` is file:line. */
export type Verdict =
  | { kind: "known" }
  | { kind: "unknown" }
  | { kind: "changed"; where: string }
  | { kind: "revoked"; where: string }
  /** The machine is known only through a certificate authority, which is not supported. */
  | { kind: "authority"; where: string };

/** The lines of those files about a host; a missing file has none. */
export const readKnownHosts = async (
  files: readonly string[],
  name: string,
): Promise<KnownHost[]> => {
  const parsed = await Promise.all(
    files.map(async (file) => parseKnownHosts(await readIfExists(file), file)),
  );
  return parsed.flat().filter((line) => namesMatch(line.names, name));
};

/** Parses a known_hosts file; malformed lines are skipped, as in OpenSSH. */
export const parseKnownHosts = (text: string, file: string): KnownHost[] =>
  text.split("\n").flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    if (words[0]?.startsWith("#")) return [];
    const marker = words[0]?.startsWith("@") ? words.shift() : undefined;
    if (marker !== undefined && marker !== "@revoked" && marker !== "@cert-authority") return [];
    const [names, type, key] = words;
    if (names === undefined || type === undefined || key === undefined) return [];
    return [{ marker, names, type, key, where: `${file}:${index + 1}` }];
  });

/** Whether a line's names, plain with * ? and !, or hashed, match this host. */
export const namesMatch = (names: string, name: string): boolean => {
  if (names.startsWith("|1|")) {
    const [, , salt = "", hash = ""] = names.split("|");
    return hashOf(name, salt) === hash;
  }
  const patterns = names.toLowerCase().split(",");
  const matches = (pattern: string) => globOf(pattern).test(name.toLowerCase());
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1))))
    return false;
  return patterns.some((pattern) => !pattern.startsWith("!") && matches(pattern));
};

/** Judges a key by the lines about its host. */
export const judge = (lines: readonly KnownHost[], key: Buffer): Verdict => {
  const encoded = key.toString("base64");
  const revoked = lines.find((line) => line.marker === "@revoked" && line.key === encoded);
  if (revoked !== undefined) return { kind: "revoked", where: revoked.where };
  const plain = lines.filter((line) => line.marker === undefined);
  if (plain.some((line) => line.key === encoded)) return { kind: "known" };
  // We ask for the types that we know. A machine that offers another one is not "new": somebody in the
  // middle could do that to appear as an unknown host.
  const other = plain.find((line) => line.type === typeOf(key)) ?? plain[0];
  if (other !== undefined) return { kind: "changed", where: other.where };
  const authority = lines.find((line) => line.marker === "@cert-authority");
  return authority === undefined
    ? { kind: "unknown" }
    : { kind: "authority", where: authority.where };
};

/** Appends a host's key to a known_hosts file, which is created (0600) where it is missing. */
export const addKnownHost = async (
  file: string,
  name: string,
  key: Buffer,
  hashed: boolean,
): Promise<void> => {
  const salt = randomBytes(20).toString("base64");
  const written = hashed ? `|1|${salt}|${hashOf(name, salt)}` : name;
  const content = await readIfExists(file);
  const newline = content === "" || content.endsWith("\n") ? "" : "\n";
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const line = `${newline}${written} ${typeOf(key)} ${key.toString("base64")}\n`;
  await appendFile(file, line, { mode: 0o600 });
};

/** A key's fingerprint as OpenSSH prints it. */
export const fingerprint = (key: Buffer): string =>
  `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;

/** A public key's type, which is the first string in it. */
export const typeOf = (key: Buffer): string =>
  key.length < 4 ? "" : key.subarray(4, 4 + key.readUInt32BE(0)).toString("latin1");

const hashOf = (name: string, salt: string): string =>
  createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64");

const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replaceAll(/[\\^$.|+()[\]{}]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".")}$`,
  );

const readIfExists = async (file: string): Promise<string> => {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
};
