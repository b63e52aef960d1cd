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
import { offsetsIn } from "./positions.js";

/** A parsed YAML file: its value, the complaints about its form, and the place of each path. */
type ParsedFile = {
  /** undefined if the form is too wrong to check the content. */
  raw: unknown;
  complaints: Complaint[];
  place: (path: Path, atKey?: boolean) => { line: number; column: number };
};

/** Parses YAML text; never throws. */
export const parseFile = (text: string): ParsedFile => {
  try {
    return parse(text);
  } catch (error) {
    // The parser and its visitor recurse, so that enough brackets exceed the stack.
    const problem = error instanceof RangeError ? tooDeep : invalid(String(error));
    return unreadable([{ line: 1, column: 1, text: problem }]);
  }
};

const parse = (text: string): ParsedFile => {
  // The parser's own count misses lines that end in a carriage return of their own.
  const counter = new LineCounter();
  for (const { index } of text.matchAll(/(?<=^|\n)/g)) counter.addNewLine(index);
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const document = parseDocument(text, {
    prettyErrors: false,
    // It would compare every two keys: minutes for a file of keys. `formFindings` finds duplicates instead.
    uniqueKeys: false,
    // Not "silent": that also hides a second document.
    logLevel: "error",
  });
  const complaintOf = ({ offset, message }: FormFinding): Complaint => ({
    ...at(offset),
    text: message,
  });
  const syntax = syntaxFindings(document).map(complaintOf);
  if (syntax.length > 0) {
    const tabs = tabComplaints(text);
    return unreadable(tabs.length > 0 ? tabs : firstOfEachLine(syntax));
  }
  const form = formFindings(document);
  const complaints = form.findings.map(complaintOf);
  if (form.fatal) return unreadable(complaints);
  const offsetOf = offsetsIn(document.contents);
  const place: ParsedFile["place"] = (path, atKey) => at(offsetOf(path, atKey));
  return { raw: document.toJS() as unknown, complaints, place };
};

const unreadable = (complaints: Complaint[]): ParsedFile => ({
  raw: undefined,
  complaints,
  place: () => ({ line: 1, column: 1 }),
});

/** A complaint about the form of YAML, at an offset of the text. */
type FormFinding = { offset: number; message: string };

const syntaxFindings = ({ errors, warnings }: Document): FormFinding[] =>
  [...errors, ...warnings].map(({ code, message, pos }) => ({
    offset: pos[0],
    message: sentences[code] ?? invalid(message.split("\n")[0] ?? ""),
  }));

const tooDeep = "nested too deeply; check the brackets and hyphens here";
const sentences: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS:
    "a second document begins here, but one file describes one class; make a file for each class",
  RESOURCE_EXHAUSTION: tooDeep,
};

const invalid = (problem: string): string =>
  `invalid YAML: ${problem}; check the quotes, brackets and indentation here`;

const tabComplaints = (text: string): Complaint[] =>
  text.split("\n").flatMap((line, index) => {
    const indentation = /^ *\t/.exec(line)?.[0];
    if (indentation === undefined || line.trim() === "") return [];
    const message =
      "tab in the indentation, where YAML allows only spaces; write two spaces for it";
    return [{ line: index + 1, column: indentation.length, text: message }];
  });

const firstOfEachLine = (complaints: readonly Complaint[]): Complaint[] => [
  ...new Map(complaints.toReversed().map((one) => [one.line, one])).values(),
];

/** Finds duplicate keys, aliases and keys that are not words; after a fatal finding the content cannot be checked. */
const formFindings = (document: Document): { fatal: boolean; findings: FormFinding[] } => {
  const findings: FormFinding[] = [];
  let fatal = false;
  visit(document, {
    // A class needs no aliases, and without them no small file expands to a huge one.
    Alias: (_key, alias) => {
      fatal = true;
      findings.push({
        offset: alias.range?.[0] ?? 0,
        message: `alias ${shown(`*${alias.source}`)} is not supported; write the value itself`,
      });
    },
    Map: (_key, map) => {
      const { invalidKeys, duplicates } = keyFindings(map);
      fatal ||= invalidKeys.length > 0;
      findings.push(...invalidKeys, ...duplicates);
    },
  });
  return { fatal, findings };
};

const keyFindings = (map: YAMLMap): Record<"invalidKeys" | "duplicates", FormFinding[]> => {
  const seen = new Set<string>();
  const invalidKeys: FormFinding[] = [];
  const duplicates: FormFinding[] = [];
  for (const { key } of map.items) {
    const offset = (key as Node | null)?.range?.[0] ?? 0;
    const word = isScalar(key) && typeof key.value === "string" ? key.value : undefined;
    if (word === undefined)
      invalidKeys.push({
        offset,
        message: "this key is not a word: expected a line such as name: geo-101",
      });
    else if (seen.has(word))
      duplicates.push({
        offset,
        message: `duplicate key ${shown(word)}; delete one of the two`,
      });
    else seen.add(word);
  }
  return { invalidKeys, duplicates };
};
