import { readFile } from "node:fs/promises";
import type { Config } from "../config/types.js";
import { registryOf } from "../config/values/image.js";
import { UserError, exitCode, oneError } from "../errors.js";
import { type SecretAccess, outsideSecret } from "./secret.js";

/** A login at a registry, as Docker takes it with one request; nothing of it is stored on the machine. */
export type RegistryLogin = { username: string; password: string; serveraddress: string };

const operatorAccess: SecretAccess = {
  env: process.env,
  readFile: (path) => readFile(path, "utf8"),
};

/** The login for an image; undefined if its registry has none in the configuration. Throws a UserError (usage) without the password. */
export const loginFor = async (
  { registries }: Pick<Config, "registries">,
  image: string,
  access = operatorAccess,
): Promise<RegistryLogin | undefined> => {
  const name = registryOf(image);
  const registry = Object.hasOwn(registries, name) ? registries[name] : undefined;
  if (registry === undefined) return undefined;
  return {
    username: registry.user,
    password: await passwordOf(name, registry.password, access),
    // Docker Hub has an address of its own, from the time of its first API.
    serveraddress: name === "docker.io" ? "https://index.docker.io/v1/" : name,
  };
};

/** All logins of a configuration. Throws a UserError (usage) that names each password that is missing. */
export const allLogins = async (
  config: Pick<Config, "registries">,
  access = operatorAccess,
): Promise<RegistryLogin[]> => {
  const results = await Promise.allSettled(
    Object.keys(config.registries).map((name) => loginFor(config, `${name}/image`, access)),
  );
  const errors = results.flatMap((each) =>
    each.status === "rejected" ? [each.reason as unknown] : [],
  );
  if (errors.length > 0) throw oneError(errors);
  return results.flatMap((each) => (each.status === "fulfilled" ? (each.value ?? []) : []));
};

const passwordOf = async (
  registry: string,
  source: Config["registries"][string]["password"],
  access: SecretAccess,
): Promise<string> => {
  const key = `registries.${registry}.password`;
  const value = await outsideSecret(key, source, access);
  if (value !== "" && !/[\0\r\n]/.test(value)) return value;
  throw new UserError(`${key} ${value === "" ? "is empty" : "has several lines"}`, {
    hint: "write the password or the token of the registry there, on one line",
    code: exitCode.usage,
  });
};
