import { programSecret } from "../config/outside-service.js";
import { type Config, loginFilesOf } from "../config/types.js";
import { usageError } from "../errors.js";
import { certificatesIn } from "./certificates.js";
import { type SecretAccess, secretFromEnvironment, textFromFile } from "./secret.js";

/**
 * The secret and the root certificate of the method of login, by the names under which the manager keeps them. Throws a UserError
 * (usage) that never contains a secret.
 */
export const readLoginFiles = async (
  config: Config,
  access: SecretAccess,
): Promise<Map<string, string>> => {
  const found = new Map<string, string>();
  for (const [name, source] of Object.entries(loginFilesOf(config))) {
    const program = config.login.services.find((each) => programSecret(each.name) === name);
    const key =
      program === undefined
        ? `login.${config.login.method.kind}.${name.replace("login-", "")}`
        : `login.services (${program.name}).token`;
    if (source.kind === "generated") continue;
    const text =
      source.kind === "env"
        ? secretFromEnvironment(key, source.name, access)
        : await textFromFile(key, source.path, access, `write the file ${source.path}`);
    const place = source.kind === "env" ? `$${source.name}` : source.path;
    const checked = program === undefined ? checkers[name] : token;
    found.set(name, checked?.(text, `${key} in ${place}`) ?? text);
  }
  return found;
};

const secret = (text: string, what: string): string => {
  const value = text.replace(/\r?\n$/, "");
  if (/^[\x21-\x7e]{1,2000}$/.test(value)) return value;
  const problem = value === "" ? "is empty" : "is not one word of printable ASCII characters";
  throw usageError(`${what} ${problem}`, "copy the client secret from the provider's page again");
};

/** A token of a program, for which a guess must be hopeless. */
const token = (text: string, what: string): string => {
  const value = text.replace(/\r?\n$/, "");
  if (/^[\w.~+/=-]{32,500}$/.test(value)) return value;
  throw usageError(
    `${what} ${value === "" ? "is empty" : "is not one word of 32 to 500 of a-z, A-Z, 0-9 and - . _ ~ + / ="}`,
    "make one: type `openssl rand -hex 32`",
  );
};

/** A password of a directory, which people choose: one line. */
const password = (text: string, what: string): string => {
  const value = text.replace(/\r?\n$/, "");
  if (value !== "" && value.length <= 1000 && !/\p{Cc}/u.test(value)) return value;
  throw usageError(
    `${what} ${value === "" ? "is empty" : "is not one line of up to 1000 characters"}`,
    "ask the people who run the directory for the password of the reader",
  );
};

const checkers: Record<string, (text: string, what: string) => string> = {
  "login-secret": secret,
  "login-password": password,
  "login-ca": certificatesIn,
};
