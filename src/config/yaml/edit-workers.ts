import { isDeepStrictEqual } from "node:util";
import { isMap, isScalar, isSeq, parse, parseDocument, stringify } from "yaml";
import { UserError, exitCode } from "../../errors.js";
import { configFrom } from "../load.js";
import { ruleFindings } from "../rules/index.js";
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

/** The text of a swarmhub.yaml with these workers added at the end of its list; every other byte stays. Throws a UserError (usage). */
export const withWorkers = (text: string, path: string, added: readonly HostConfig[]): string => {
  const { workers } = configFrom(text, path);
  const edited = added.reduce(withWorker, text);
  return checked(text, edited, path, [...workers, ...added]);
};

/** The text of a swarmhub.yaml without the workers of these destinations; every other byte stays. Throws a UserError (usage). */
export const withoutWorkers = (text: string, path: string, removed: readonly string[]): string => {
  const { workers } = configFrom(text, path);
  const edited = workers.reduceRight(
    (rest, { destination }, index) =>
      removed.includes(destination) ? withoutWorker(rest, index) : rest,
    text,
  );
  const remaining = workers.filter(({ destination }) => !removed.includes(destination));
  return checked(text, edited, path, remaining);
};

/** No edit may change anything else, whatever the layout: a file for which that fails is left to the user. */
const checked = (
  text: string,
  edited: string,
  path: string,
  workers: readonly HostConfig[],
): string => {
  const result = workersOrError(edited, path);
  if (isDeepStrictEqual(result, workers)) return edited;
  // Workers that no file may have, such as the manager a second time, have a complaint of their own.
  if (result instanceof UserError && breakRules(text, workers)) throw result;
  throw new UserError(`${path} has a layout in which swarmhub cannot change only the workers`, {
    hint: `write them by hand: workers: ${yamlOf(workers)}`,
    code: exitCode.usage,
  });
};

const workersOrError = (text: string, path: string): Config["workers"] | UserError => {
  try {
    return configFrom(text, path).workers;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
};

const breakRules = (text: string, workers: readonly HostConfig[]): boolean =>
  ruleFindings({ ...(parse(text) as object), workers: workers.map(valueOf) }).length > 0;

const withWorker = (text: string, worker: HostConfig): string => {
  const { root, pair } = partsOf(text);
  const item = yamlOf([worker]).slice(1, -1);
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

const yamlOf = (workers: readonly HostConfig[]): string =>
  stringify(workers.map(valueOf), {
    collectionStyle: "flow",
    flowCollectionPadding: false,
    lineWidth: 0,
  }).trimEnd();

const valueOf = ({ destination, address }: HostConfig): unknown =>
  address === undefined ? destination : { host: destination, address };
