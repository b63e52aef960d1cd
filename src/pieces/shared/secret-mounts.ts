import { createHash } from "node:crypto";
import { paths } from "../../paths.js";

/** Mounts of the manager's secrets as read-only files in a container's /run/secrets. */
export const secretMounts = (names: readonly string[]): Record<string, unknown>[] =>
  names.map((name) => ({
    Type: "bind",
    Source: `${paths.secrets}/${name}`,
    Target: `/run/secrets/${name}`,
    ReadOnly: true,
  }));

/** A hash of the files that a service reads at its start; a new hash restarts the service. */
export const hashOfSecrets = (
  names: readonly string[],
  hashes: Record<string, string>,
  ...contents: string[]
): string =>
  createHash("sha256")
    .update(JSON.stringify([names.map((name) => hashes[name] ?? ""), contents]))
    .digest("hex")
    .slice(0, 16);
