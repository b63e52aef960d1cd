import type { Config, SecretSource } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import { certificatesIn } from "./certificates.js";
import { type SecretAccess, outsideSecret, textFromFile } from "./secret.js";

/**
 * The token for a private repository and the root certificates of its server, where the configuration has them. Throws a UserError
 * (usage) that never contains a token.
 */
export const readContentFiles = async (
  { servers: { content } }: Config,
  access: SecretAccess,
): Promise<{ token?: string; ca?: string }> => ({
  ...(content?.token !== undefined && { token: await tokenFrom(content.token, access) }),
  ...(content?.ca !== undefined && { ca: await rootFrom(content.ca, access) }),
});

const tokenFrom = async (source: SecretSource, access: SecretAccess): Promise<string> => {
  const key = "servers.content.token";
  const hint = source.kind === "file" ? `write the token into ${source.path}` : undefined;
  const value = await outsideSecret(key, source, access, hint);
  // Git reads it as one line of text.
  if (!/^[\x21-\x7e]+$/.test(value))
    throw new UserError(`${key} is not a token: it is empty, or has spaces or other characters`, {
      hint: "copy the token again, then repeat the command",
      code: exitCode.usage,
    });
  return value;
};

const rootFrom = async (path: string, access: SecretAccess): Promise<string> => {
  const key = "servers.content.ca";
  const text = await textFromFile(key, path, access, `write the file ${path}`);
  return certificatesIn(text, `${key} in ${path}`);
};
