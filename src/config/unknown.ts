import type { Finding, Path } from "./complaint.js";
import { pathText } from "./complaint.js";
import { nearest } from "./nearest.js";
import { shown } from "./problem.js";
import { keyPaths } from "./keys.js";

/** A sentence for a key that the schema does not know: the nearest one beside it, or where one of that name belongs. */
export const unknownKey = (parent: Path, key: string): Finding => {
  const names = parent.filter((part) => typeof part === "string");
  const beside = childrenOf(names);
  const near = nearest(key, beside);
  const elsewhere = keyPaths().find((path) => path.at(-1) === key);
  const where = parent.length === 0 ? "" : ` in ${pathText(parent)}`;
  const right =
    near !== undefined
      ? `write ${near}`
      : elsewhere !== undefined
        ? `${key} belongs to ${pathText(elsewhere.slice(0, -1))}`
        : `the keys here are ${beside.join(", ")}`;
  const text = `${shown(key)} is no key that swarmhub knows${where}, and would do nothing; ${right}`;
  return { path: [...parent, key], text, atKey: true };
};

const childrenOf = (parent: readonly string[]): string[] =>
  keyPaths()
    .filter(
      (path) =>
        path.length === parent.length + 1 && parent.every((name, index) => path[index] === name),
    )
    .map((path) => path.at(-1) ?? "");
