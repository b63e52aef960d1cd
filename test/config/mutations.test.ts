import test from "ava";
import { readAsset } from "../../src/operator/assets.js";
import { complaintsOf } from "./support/complaints.js";

const example = readAsset("templates/swarmhub.yaml");
const lines = example.split("\n").filter((line) => line.trim() !== "" && !/^ *#/.test(line));
const crumbs = [
  "\t",
  "\n",
  " ",
  ":",
  "- ",
  "[",
  "]",
  "{",
  "}",
  "&a ",
  "*a",
  "!x ",
  "|",
  ">",
  "'",
  '"',
  "#",
  "%YAML 1.1",
  "---",
  "...",
  "~",
  "null",
  "0x1F",
  ".nan",
  "-.inf",
  "1e999",
  "true",
  "é",
  "\u0000",
  "\u202E",
  "\u{1F41D}",
  "\r",
  "<<: ",
  "__proto__: ",
  "constructor: ",
  "? ",
  "@",
  "`",
  ",",
  "\\",
  "-oProxyCommand=id",
  "$(id)",
  "999999999999999999999G",
  "5G",
  "2001-01-01",
  "from-env ",
];

const roundCount = 1000;

test("a broken example is either a configuration or a list of complaints with places", (t) => {
  const random = randomFrom(20261121);
  let accepted = 0;
  for (let round = 0; round < roundCount; round += 1) {
    const text = mutated(random);
    const complaints = t.notThrows(() => (result = complaintsOf(text)), text) ? result : [];
    if (complaints.length === 0) accepted += 1;
    for (const complaint of complaints)
      t.regex(complaint, /^\d+:\d+ {2}\S|^ and \d+ more$/, JSON.stringify(text));
    for (const complaint of complaints)
      t.true(inside(text, complaint), `${complaint} in ${JSON.stringify(text)}`);
  }
  t.true(
    accepted > roundCount / 60 && accepted < roundCount * 0.8,
    `${accepted} of ${roundCount} were valid`,
  );
});

let result: string[] = [];

type Random = (below: number) => number;

// Numerical Recipes' linear congruential generator: a failure can be repeated.
const randomFrom = (seed: number): Random => {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

const mutated = (random: Random): string => {
  let text = lines.join("\n");
  for (let change = random(4) + 1; change > 0; change -= 1)
    text = mutations[random(mutations.length)]?.(text, random) ?? text;
  return text;
};

const crumb = (random: Random): string => crumbs[random(crumbs.length)] ?? "";

const mutations: ((text: string, random: Random) => string)[] = [
  (text, random) => {
    const at = random(text.length + 1);
    return text.slice(0, at) + crumb(random) + text.slice(at);
  },
  (text, random) => {
    const at = random(text.length + 1);
    return text.slice(0, at) + text.slice(at + random(12));
  },
  (text, random) => {
    const all = text.split("\n");
    const [line = ""] = all.splice(random(all.length), 1);
    all.splice(random(all.length + 1), 0, line);
    return all.join("\n");
  },
  (text, random) => {
    const all = text.split("\n");
    all.splice(random(all.length), 0, all[random(all.length)] ?? "");
    return all.join("\n");
  },
  (text, random) => {
    const all = text.split("\n");
    const at = random(all.length);
    all[at] = (all[at] ?? "").replace(/: .*$/, () => `: ${crumb(random)}`);
    return all.join("\n");
  },
  (text, random) => text.slice(0, random(text.length + 1)),
  (text, random) => text.replaceAll("\n", random(2) === 0 ? "\r\n" : "\n"),
];

const inside = (text: string, complaint: string): boolean => {
  const place = /^(\d+):(\d+)/.exec(complaint);
  if (place === null) return true;
  const line = text.split("\n")[Number(place[1]) - 1];
  return line !== undefined && Number(place[2]) <= line.length + 2;
};
