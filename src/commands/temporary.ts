import type { Config } from "../config.js";

/** What everybody should know of a class whose homes are temporary; undefined of others. */
export const temporarySentence = ({ storage }: Config): string | undefined =>
  storage.kind === "temporary"
    ? "homes are temporary: what somebody saves is gone when their server stops (also when nobody uses it for an hour)"
    : undefined;
