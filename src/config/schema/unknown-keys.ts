import * as z from "zod";
import { shown } from "../../errors.js";
import { nearest } from "../../text/nearest.js";
import { schema } from "../schema.js";
import { type Finding, type Path, pathText } from "../yaml/complaints.js";

/** Every key that swarmhub.yaml may have, as the way to it: ["storage", "quota"]; a list's items add nothing. */
export const keyPaths = (): string[][] => (known ??= walk(schema, []));

let known: string[][] | undefined;

const walk = (node: unknown, path: string[]): string[][] => {
  if (node instanceof z.ZodObject)
    return Object.entries(node.shape).flatMap(([key, value]) => {
      const here = [...path, key];
      return [here, ...walk(value, here)];
    });
  if (node instanceof z.ZodUnion) return node.options.flatMap((option) => walk(option, path));
  if (node instanceof z.ZodArray) return walk(node.element, path);
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
