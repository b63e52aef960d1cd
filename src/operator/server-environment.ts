import type { Config, SecretSource } from "../config/types.js";
import { usageError } from "../errors.js";
import { type SecretAccess, outsideSecret } from "./secret.js";

/** The secret variables of users' servers as a JSON object; undefined if there are none. Throws a UserError (usage). */
export const resolveServerEnvironment = async (
  { servers }: Config,
  access: SecretAccess,
): Promise<string | undefined> => {
  const sources = Object.entries(servers.secrets);
  if (sources.length === 0) return undefined;
  const values: [string, string][] = [];
  for (const [name, source] of sources) values.push([name, await valueOf(name, source, access)]);
  return `${JSON.stringify(Object.fromEntries(values))}\n`;
};

const valueOf = async (
  name: string,
  source: SecretSource,
  access: SecretAccess,
): Promise<string> => {
  const key = `servers.environment.${name}`;
  const hint = source.kind === "file" ? `write it into ${source.path}` : undefined;
  const value = await outsideSecret(key, source, access, hint);
  if (value.includes("\0"))
    throw usageError(`${key} has a NUL character, which no variable can have`, "correct its value");
  return value;
};
