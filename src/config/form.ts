import { isScalar, visit, type Document, type Node, type YAMLMap } from "yaml";
import { shown } from "./problem.js";

/** Something wrong with the form of YAML that can be read. */
export type FormFinding = { offset: number; said: string };

/** Duplicate keys, aliases, keys that are no words; fatal ones leave no content to look at. */
export const formFindings = (document: Document): { fatal: boolean; findings: FormFinding[] } => {
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
