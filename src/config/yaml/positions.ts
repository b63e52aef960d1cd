import { type Node, type Pair, type YAMLMap, isMap, isScalar, isSeq } from "yaml";
import type { Path } from "./complaints.js";

/** Finds the offset of a path in a YAML tree, or of the deepest part of it that exists; `atKey` asks for the key, not its value. */
export const placesIn = (root: unknown): ((path: Path, atKey?: boolean) => number) => {
  const pairs = remembered(pairsOf);
  return (path, atKey = false) => {
    let node = root;
    let offset = start(root);
    for (const [index, part] of path.entries()) {
      const key = isMap(node) ? pairs(node).get(part) : undefined;
      const item = isSeq(node) && typeof part === "number" ? node.items[part] : undefined;
      const next = key === undefined ? item : key.value;
      if (key === undefined && item === undefined) return offset;
      const wantsKey = key !== undefined && ((atKey && index === path.length - 1) || isEmpty(next));
      offset = start(wantsKey ? key.key : next);
      node = next;
    }
    return offset;
  };
};

const pairsOf = (map: YAMLMap): ReadonlyMap<PropertyKey, Pair> =>
  new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : "", pair]));

// A file of nothing but unknown keys asks for each of them.
const remembered = <Key extends object, Value>(make: (key: Key) => Value) => {
  const made = new WeakMap<Key, { value: Value }>();
  return (key: Key): Value => {
    const known = made.get(key) ?? { value: make(key) };
    made.set(key, known);
    return known.value;
  };
};

const isEmpty = (node: unknown): boolean =>
  node === null || (isScalar(node) && node.value === null);

const start = (node: unknown): number => (node as Node | null | undefined)?.range?.[0] ?? 0;
