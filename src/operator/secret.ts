import type { SecretSource } from "../config/types.js";
import { UserError, exitCode } from "../errors.js";

/** Where secrets are looked up: the environment, and files by path. */
export type SecretWorld = {
  env: Readonly<Record<string, string | undefined>>;
  readFile: (path: string) => Promise<string>;
};

/** What a secret is for, in the words of swarmhub.yaml, and its least number of characters. */
export type SecretRule = { name: string; least: number };

// JupyterHub's SharedPasswordAuthenticator refuses to start under these lengths.
const sharedPassword: SecretRule = { name: "login.shared-password", least: 8 };
/** The administrators' password. */
export const adminPassword: SecretRule = { name: "the administrators' password", least: 32 };

/** The secret itself, or undefined for one to be generated; throws a UserError (usage) that never repeats it. */
export const resolveSecret = async (
  source: SecretSource,
  world: SecretWorld,
  rule: SecretRule = sharedPassword,
): Promise<string | undefined> => {
  switch (source.kind) {
    case "generated":
      return undefined;
    case "env":
      return checked(fromEnvironment(source.name, world, rule), `$${source.name}`, rule);
    case "file":
      return checked(await fromFile(source.path, world, rule), source.path, rule);
  }
};

const fromEnvironment = (name: string, { env }: SecretWorld, rule: SecretRule): string => {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value === undefined)
    throw wrong(
      `${rule.name} comes from the environment variable ${name}, which is not set`,
      `type \`read -rs ${name} && export ${name}\`, then the command again`,
    );
  return value;
};

const fromFile = async (path: string, world: SecretWorld, rule: SecretRule): Promise<string> => {
  try {
    return (await world.readFile(path)).replace(/\r?\n$/, "");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be read (${code ?? String(error)})`;
    throw wrong(
      `${rule.name} comes from the file ${path}, which ${why}`,
      `write the password into ${path}, as one line`,
    );
  }
};

const checked = (secret: string, place: string, { name, least }: SecretRule): string => {
  const refuse = (why: string): UserError =>
    wrong(`${name} in ${place} ${why}`, `put another one into ${place}`);
  if (secret === "") throw refuse("is empty");
  if (/[\r\n]/.test(secret)) throw refuse("has several lines, but a password is one");
  // The hub compares with secrets.compare_digest, which throws on a text outside ASCII.
  if (!/^[\x20-\x7e]*$/.test(secret))
    throw refuse("has characters outside ASCII, which the hub cannot compare");
  if (secret.trim() !== secret) throw refuse("begins or ends with a space, which nobody would see");
  if (secret.length < least)
    throw refuse(`has ${secret.length} characters, but needs at least ${least}`);
  return secret;
};

const wrong = (message: string, hint: string): UserError =>
  new UserError(message, { hint, code: exitCode.usage });
