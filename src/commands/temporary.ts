import type { Config } from "../config.js";
import { lengthText } from "../report/text.js";

/** What everybody should know of a class whose homes are temporary; undefined of others. */
export const temporarySentence = ({ storage, servers: { idle } }: Config): string | undefined => {
  if (storage.kind !== "temporary") return undefined;
  const also = idle === undefined ? "" : ` (also when nobody uses it for ${lengthText(idle)})`;
  return `homes are temporary: what somebody saves is gone when their server stops${also}`;
};
