import type { SecretSource } from "../config/types.js";
import { type UserError, usageError } from "../errors.js";

/** Where secrets are looked up: the environment, and files by path. */
export type SecretAccess = {
  env: Readonly<Record<string, string | undefined>>;
  readFile: (path: string) => Promise<string>;
};

const key = "login.shared-password";
// JupyterHub's SharedPasswordAuthenticator refuses to start with a shorter one.
const minimumLength = 8;

/** The shared password, or undefined if it is to be generated. Throws a UserError (usage) that never contains it. */
export const resolveSecret = async (
  source: SecretSource,
  access: SecretAccess,
): Promise<string | undefined> => {
  switch (source.kind) {
    case "generated":
      return undefined;
    case "env":
      return checked(secretFromEnvironment(key, source.name, access), `$${source.name}`);
    case "file":
      return checked(await secretFromFile(key, source.path, access), source.path);
  }
};

/**
 * The secret of a key that comes from outside. `hint` says what to do if its file cannot be read. Throws a UserError (usage) that never
 * contains it.
 */
export const outsideSecret = async (
  yamlKey: string,
  source: SecretSource,
  access: SecretAccess,
  hint?: string,
): Promise<string> => {
  if (source.kind === "generated") throw new Error(`${yamlKey} cannot be generated`);
  return source.kind === "env"
    ? secretFromEnvironment(yamlKey, source.name, access)
    : secretFromFile(yamlKey, source.path, access, hint);
};

/** The value of an environment variable that a key of swarmhub.yaml names. Throws a UserError (usage) if it is not set. */
export const secretFromEnvironment = (
  yamlKey: string,
  variable: string,
  { env }: Pick<SecretAccess, "env">,
): string => {
  const value = Object.hasOwn(env, variable) ? env[variable] : undefined;
  if (value === undefined)
    throw usageError(
      `${yamlKey} comes from the environment variable ${variable}, which is not set`,
      `type \`read -rs ${variable} && export ${variable}\`, then repeat the command`,
    );
  return value;
};

/** The content of a file that a key of swarmhub.yaml names, without the last line end. Throws a UserError (usage) if it cannot be read. */
const secretFromFile = async (
  yamlKey: string,
  path: string,
  access: Pick<SecretAccess, "readFile">,
  hint = `write the password into ${path}, on one line`,
): Promise<string> => (await textFromFile(yamlKey, path, access, hint)).replace(/\r?\n$/, "");

/** The whole content of such a file; `hint` says what to do if it cannot be read. */
export const textFromFile = async (
  yamlKey: string,
  path: string,
  { readFile }: Pick<SecretAccess, "readFile">,
  hint: string,
): Promise<string> => {
  try {
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const problem =
      code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? String(error)})`;
    throw usageError(`${yamlKey} comes from the file ${path}, which ${problem}`, hint);
  }
};

const checked = (secret: string, place: string): string => {
  const reject = (problem: string): UserError =>
    usageError(`${key} in ${place} ${problem}`, `put another password into ${place}`);
  if (secret === "") throw reject("is empty");
  if (/[\r\n]/.test(secret)) throw reject("has several lines; a password has one");
  // The hub compares with secrets.compare_digest, which throws on a text outside ASCII.
  if (!/^[\x20-\x7e]*$/.test(secret))
    throw reject("has characters outside ASCII, which the hub cannot compare");
  if (secret.trim() !== secret) throw reject("begins or ends with a space, which is easy to miss");
  if (secret.length < minimumLength)
    throw reject(`has ${secret.length} characters; the minimum is ${minimumLength}`);
  return secret;
};
