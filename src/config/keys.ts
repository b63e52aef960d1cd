import * as z from "zod";
import { schema } from "./schema.js";

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
