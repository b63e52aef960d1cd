/** Text that scripts/bundle.mjs puts here; tests run without it. */
declare const builtVersion: string | undefined;

/** What `swarmhub --version` prints: "0.1.0 (commit 0123456789ab)". */
export const version = typeof builtVersion === "string" ? builtVersion : "0.0.0 (not built)";
