import {
  type Document,
  LineCounter,
  type Node,
  type YAMLMap,
  isScalar,
  parseDocument,
  visit,
} from "yaml";
import { shown } from "../../errors.js";
import type { Complaint, Path } from "./complaints.js";
import { placesIn } from "./positions.js";

/** A YAML file that was read: what it says, what is wrong with its form, and where each path stands. */
export type Reading = {
  /** undefined where the form is so wrong that nothing can be said about the content. */
  raw: unknown;
  complaints: Complaint[];
  place: (path: Path, atKey?: boolean) => { line: number; column: number };
};

/** Reads YAML text; never throws. */
export const readDocument = (text: string): Reading => {
  try {
    return read(text);
  } catch (error) {
    // The parser and its visitor recurse, so that enough brackets end the stack.
    const why = error instanceof RangeError ? tooDeep : unclear(String(error));
    return unreadable([{ line: 1, column: 1, text: why }]);
  }
};

const read = (text: string): Reading => {
  // The parser's own count misses lines that end in a return of their own.
  const counter = new LineCounter();
  for (const { index } of text.matchAll(/(?<=^|\n)/g)) counter.addNewLine(index);
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(text, {
    prettyErrors: false,
    // It would compare each key with each other one: minutes for a file of keys. `formFindings` looks instead.
    uniqueKeys: false,
    // Not "silent": that also keeps quiet about a second document.
    logLevel: "error",
  });
  const syntax = syntaxFindings(document).map(({ offset, said }) => ({
    ...at(offset),
    text: said,
  }));
  if (syntax.length > 0) {
    const tabs = tabComplaints(text);
    return unreadable(tabs.length > 0 ? tabs : firstOfEachLine(syntax));
  }
  const form = formFindings(document);
  const complaints = form.findings.map(({ offset, said }) => ({ ...at(offset), text: said }));
  if (form.fatal) return unreadable(complaints);
  const offsetOf = placesIn(document.contents);
  const place: Reading["place"] = (path, atKey) => at(offsetOf(path, atKey));
  return { raw: document.toJS() as unknown, complaints, place };
};

const unreadable = (complaints: Complaint[]): Reading => ({
  raw: undefined,
  complaints,
  place: () => ({ line: 1, column: 1 }),
});

const syntaxFindings = ({ errors, warnings }: Document): { offset: number; said: string }[] =>
  [...errors, ...warnings].map(({ code, message, pos }) => ({
    offset: pos[0],
    said: sentences[code] ?? unclear(message.split("\n")[0] ?? ""),
  }));

const tooDeep = "this is nested too deeply for any class; look at the brackets and hyphens here";
const sentences: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS:
    "a second document begins here, but one file describes one class; keep one, and make a file for each other",
  RESOURCE_EXHAUSTION: tooDeep,
};

const unclear = (why: string): string =>
  `this cannot be read as YAML: ${why}; look at the quotes, brackets and indentation here`;

const tabComplaints = (text: string): Complaint[] =>
  text.split("\n").flatMap((line, index) => {
    const indentation = /^ *\t/.exec(line)?.[0];
    if (indentation === undefined || line.trim() === "") return [];
    const said = "a tab indents this line, but YAML counts spaces; put two spaces for each tab";
    return [{ line: index + 1, column: indentation.length, text: said }];
  });

const firstOfEachLine = (complaints: readonly Complaint[]): Complaint[] => [
  ...new Map(complaints.toReversed().map((one) => [one.line, one])).values(),
];

/** Something wrong with the form of YAML that can be read. */
type FormFinding = { offset: number; said: string };

/** Duplicate keys, aliases, keys that are no words; fatal ones leave no content to look at. */
const formFindings = (document: Document): { fatal: boolean; findings: FormFinding[] } => {
  const findings: FormFinding[] = [];
  let fatal = false;
  visit(document, {
    // A class needs no aliases, and without them no small file can stand for a huge one.
    Alias: (_key, alias) => {
      fatal = true;
      findings.push({
        offset: alias.range?.[0] ?? 0,
        said: `${shown(`*${alias.source}`)} is an alias, which is not taken here; write the value itself`,
      });
    },
    Map: (_key, map) => {
      const { strange, repeated } = keysOf(map);
      fatal ||= strange.length > 0;
      findings.push(...strange, ...repeated);
    },
  });
  return { fatal, findings };
};

const keysOf = (map: YAMLMap): { strange: FormFinding[]; repeated: FormFinding[] } => {
  const seen = new Set<string>();
  const strange: FormFinding[] = [];
  const repeated: FormFinding[] = [];
  for (const { key } of map.items) {
    const offset = (key as Node | null)?.range?.[0] ?? 0;
    const word = isScalar(key) && typeof key.value === "string" ? key.value : undefined;
    if (word === undefined)
      strange.push({
        offset,
        said: "this key is no plain word, but all keys here are; write for example name: geo-101",
      });
    else if (seen.has(word))
      repeated.push({
        offset,
        said: `${shown(word)} stands here a second time, and one of the two would be lost; keep one`,
      });
    else seen.add(word);
  }
  return { strange, repeated };
};
