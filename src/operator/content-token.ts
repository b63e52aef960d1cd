import type { Config } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import { type SecretAccess, outsideSecret } from "./secret.js";

const key = "servers.content.token";

/** The token for a private repository; undefined if the configuration has none. Throws a UserError (usage) that never contains it. */
export const resolveContentToken = async (
  { servers }: Config,
  access: SecretAccess,
): Promise<string | undefined> => {
  const source = servers.content?.token;
  if (source === undefined) return undefined;
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
