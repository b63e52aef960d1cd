import { readFileSync } from "node:fs";

/**
 * What `swarmhub --version` prints: "0.1.0 (commit 0123456789ab)". scripts/bundle.mjs writes it to a file, so that the programs of two
 * commits differ only if their sources do.
 */
export const readVersion = (): string => {
  try {
    return readFileSync(new URL("assets/version.txt", import.meta.url), "utf8").trim();
  } catch {
    return "0.0.0 (not built)";
  }
};
