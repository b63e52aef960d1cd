import { type Node, type Pair, type YAMLMap, isMap, isScalar, isSeq } from "yaml";
import type { Path } from "./complaints.js";

/** The offset of a path in a YAML tree, or of the deepest part of the path that exists; with `atKey` of the key, not of its value. */
export const offsetsIn = (root: unknown): ((path: Path, atKey?: boolean) => number) => {
  const pairs = memoized(pairsOf);
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

// A file of only unknown keys needs the offset of each of them.
const memoized = <Key extends object, Value>(create: (key: Key) => Value) => {
  const results = new WeakMap<Key, { value: Value }>();
  return (key: Key): Value => {
    const result = results.get(key) ?? { value: create(key) };
    results.set(key, result);
    return result.value;
  };
};

const isEmpty = (node: unknown): boolean =>
  node === null || (isScalar(node) && node.value === null);

const start = (node: unknown): number => (node as Node | null | undefined)?.range?.[0] ?? 0;
