import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, isSeq, parseDocument, stringify } from "yaml";
import { UserError, exitCode } from "../../errors.js";
import { configFrom } from "../load.js";
import type { Config, HostConfig } from "../types.js";
import {
  endOf,
  indentationAt,
  lineAfter,
  rangeOf,
  splice,
  withItem,
  withoutItem,
} from "./edit-text.js";

/** The text of a swarmhub.yaml with more workers at the end of their list; all else stays as it is, byte for byte. Throws a UserError (usage). */
export const withWorkers = (text: string, path: string, more: readonly HostConfig[]): string => {
  const { workers } = configFrom(text, path);
  const edited = more.reduce(withWorker, text);
  return checked(edited, path, [...workers, ...more], "add");
};

/** The same without these of its workers. */
export const withoutWorkers = (text: string, path: string, gone: readonly string[]): string => {
  const { workers } = configFrom(text, path);
  const edited = workers.reduceRight(
    (rest, { destination }, index) =>
      gone.includes(destination) ? withoutWorker(rest, index) : rest,
    text,
  );
  const left = workers.filter(({ destination }) => !gone.includes(destination));
  return checked(edited, path, left, "take out");
};

/** By no edit may anything else change, whatever the layout: what cannot be edited so is left to the file's owner. */
const checked = (
  text: string,
  path: string,
  workers: readonly HostConfig[],
  verb: string,
): string => {
  const is = workersIn(text, path);
  if (is !== undefined && isDeepStrictEqual(is, workers)) return text;
  throw new UserError(
    `${path} is laid out in a way that swarmhub cannot ${verb} a worker in without touching the rest`,
    { hint: `write it by hand: workers: ${written(workers)}`, code: exitCode.usage },
  );
};

const workersIn = (text: string, path: string): Config["workers"] | undefined => {
  try {
    return configFrom(text, path).workers;
  } catch (error) {
    // Two machines that are one are the file's own complaint, and said as such.
    if (error instanceof UserError && /the same machine as/.test(error.message)) throw error;
    return undefined;
  }
};

const withWorker = (text: string, worker: HostConfig): string => {
  const { root, pair } = partsOf(text);
  const item = written([worker]).slice(1, -1);
  if (root === undefined) return text;
  if (pair === undefined) {
    const manager = root.items.find(({ key }) => isScalar(key) && key.value === "manager");
    if (manager === undefined) return text;
    const line = `workers: [${item}]`;
    const end = endOf(manager.value ?? manager.key);
    return root.flow === true
      ? splice(text, end, end, `, ${line}`)
      : lineAfter(text, end, indentationAt(text, rangeOf(manager.key)[0]) + line);
  }
  const { key, value } = pair;
  if (isSeq(value)) return withItem(text, value, item);
  const [from, to] = rangeOf(value ?? key);
  const colon = text.indexOf(":", endOf(key)) + 1;
  return from === to
    ? splice(text, colon, colon, ` [${item}]`)
    : splice(text, from, to, `[${item}]`);
};

const withoutWorker = (text: string, index: number): string => {
  const { pair } = partsOf(text);
  if (pair === undefined || !isSeq(pair.value)) return text;
  const { key, value } = pair;
  const rest = withoutItem(text, value, index);
  if (value.items.length > 1 || value.flow === true) return rest;
  const colon = text.indexOf(":", endOf(key)) + 1;
  return splice(rest, colon, colon, " []");
};

const partsOf = (text: string) => {
  const { contents: root } = parseDocument(text, { uniqueKeys: false, logLevel: "error" });
  if (!isMap(root)) return { root: undefined, pair: undefined };
  const pair = root.items.find(({ key }) => isScalar(key) && key.value === "workers");
  return { root, pair };
};

const written = (workers: readonly HostConfig[]): string =>
  stringify(
    workers.map(({ destination, address }) =>
      address === undefined ? destination : { host: destination, address },
    ),
    { collectionStyle: "flow", flowCollectionPadding: false, lineWidth: 0 },
  ).trimEnd();
