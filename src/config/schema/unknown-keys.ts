import * as z from "zod";
import { shown } from "../../errors.js";
import { nearest } from "../../text/nearest.js";
import { schema } from "../schema.js";
import { didYouMean } from "../values/reader.js";
import { type Finding, type Path, pathText } from "../yaml/complaints.js";

/** The path of every key that swarmhub.yaml may have: ["storage", "quota"]; items of lists add nothing to a path. */
export const keyPaths = (): string[][] => (allPaths ??= walk(schema, []));

/** Stands for a name that the user chooses, in the path of a key below it. */
export const anyName = "NAME";

let allPaths: string[][] | undefined;

const walk = (node: unknown, path: string[]): string[][] => {
  if (node instanceof z.ZodObject)
    return Object.entries(node.shape).flatMap(([key, value]) => {
      const keyPath = [...path, key];
      return [keyPath, ...walk(value, keyPath)];
    });
  if (node instanceof z.ZodUnion) return node.options.flatMap((option) => walk(option, path));
  if (node instanceof z.ZodArray) return walk(node.element, path);
  if (node instanceof z.ZodRecord) return walk(node.valueType, [...path, anyName]);
  if (node instanceof z.ZodPipe) return walk(node.out, path);
  if (
    node instanceof z.ZodDefault ||
    node instanceof z.ZodPrefault ||
    node instanceof z.ZodOptional ||
    node instanceof z.ZodExactOptional
  )
    return walk(node.unwrap(), path);
  return [];
};

/** The complaint about an unknown key: the nearest key beside it, or where a key of that name belongs. */
export const unknownKey = (parent: Path, key: string): Finding => {
  const siblings = childrenOf(parent.filter((part) => typeof part === "string"));
  const near = nearest(key, siblings);
  // `memory` is a key of `servers`, and of each of its images too.
  const [elsewhere] = keyPaths()
    .filter((path) => path.at(-1) === key)
    .toSorted((one, other) => one.length - other.length);
  const place = parent.length === 0 ? "" : ` in ${pathText(parent)}`;
  const hint =
    near !== undefined
      ? didYouMean(near)
      : elsewhere !== undefined
        ? `it belongs in ${pathText(elsewhere.slice(0, -1))}`
        : `keys here: ${siblings.join(", ")}`;
  return {
    path: [...parent, key],
    text: `unknown key ${shown(key)}${place}; ${hint}`,
    atKey: true,
  };
};

const childrenOf = (parent: readonly string[]): string[] =>
  keyPaths()
    .filter(
      (path) =>
        path.length === parent.length + 1 &&
        parent.every((name, index) => path[index] === name || path[index] === anyName),
    )
    .map((path) => path.at(-1) ?? "");
