import { readFile } from "node:fs/promises";
import ssh2, { type ParsedKey } from "ssh2";

/** A file that `IdentityFile` names. `publicKey` is in base64, where the file or the one beside it has it. */
export type KeyFile = { path: string; key?: ParsedKey; publicKey?: string; isLocked: boolean };

/** Reads a key file, which may be a private key, with a passphrase or not, or the public key of one in an agent. */
export const readKey = async (path: string): Promise<KeyFile> => {
  const [content, publicFile] = await Promise.all([
    readIfExists(path),
    readIfExists(`${path}.pub`),
  ]);
  const beside = publicFile?.toString("latin1").split(/\s+/)[1];
  if (content === undefined) return withPublicKey({ path, isLocked: false }, beside);
  const parsed = ssh2.utils.parseKey(content);
  const publicKey = beside ?? publicKeyIn(content.toString("latin1"));
  if (parsed instanceof Error)
    return withPublicKey({ path, isLocked: /encrypted/i.test(parsed.message) }, publicKey);
  if (!parsed.isPrivateKey()) return withPublicKey({ path, isLocked: false }, publicPart(parsed));
  return { path, key: parsed, publicKey: publicPart(parsed), isLocked: false };
};

const withPublicKey = (file: KeyFile, publicKey: string | undefined): KeyFile =>
  publicKey === undefined ? file : { ...file, publicKey };

/** A key's public part as in authorized_keys. */
export const publicPart = (key: ParsedKey): string => key.getPublicSSH().toString("base64");

/** The type of a public key: "ssh-ed25519", "sk-ssh-ed25519@openssh.com". */
export const typeOf = (publicKey: string): string => {
  const bytes = Buffer.from(publicKey, "base64");
  return bytes.length < 4 ? "" : bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString("latin1");
};

/** The public key in a private one of OpenSSH, which is readable without the passphrase (PROTOCOL.key of OpenSSH). */
const publicKeyIn = (text: string): string | undefined => {
  const [, body] = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]*)-----END/.exec(text) ?? [];
  const bytes = Buffer.from(body ?? "", "base64");
  const magic = "openssh-key-v1\0";
  if (bytes.subarray(0, magic.length).toString("latin1") !== magic) return undefined;
  try {
    let at = magic.length;
    const next = (): Buffer => {
      const end = at + 4 + bytes.readUInt32BE(at);
      const part = bytes.subarray(at + 4, end);
      at = end;
      return part;
    };
    // The cipher, the key derivation and its options; then the number of keys, which is 1.
    for (let count = 0; count < 3; count += 1) next();
    at += 4;
    return next().toString("base64");
  } catch {
    return undefined;
  }
};

const readIfExists = async (path: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(path);
  } catch {
    return undefined;
  }
};
