import type { Config } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";
import { type SecretAccess, outsideSecret } from "./secret.js";

/** The login at the proxy as it stands in an address ("geo:s3cret"), encoded; undefined if there is none. Throws a UserError (usage). */
export const resolveProxyLogin = async (
  { proxy }: Config,
  access: SecretAccess,
): Promise<string | undefined> => {
  if (proxy?.login === undefined) return undefined;
  const { user, password } = proxy.login;
  const value = await outsideSecret("proxy.password", password, access);
  if (value === "" || /[\r\n\0]/.test(value))
    throw new UserError("proxy.password is empty or has several lines; a password has one", {
      hint: "correct its value",
      code: exitCode.usage,
    });
  return `${encoded(user)}:${encoded(value)}`;
};

/** Percent-encoded so that no shell, unit file or apt configuration sees a character of its own in it. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
