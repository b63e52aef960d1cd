import test from "ava";
import { parseDocument } from "yaml";
import { loadConfig } from "../../src/config/load.js";
import { keyPaths } from "../../src/config/schema/unknown-keys.js";
import { assetPath, readAsset } from "../../src/operator/assets.js";
import { complaintsOf } from "./support/complaints.js";

const text = readAsset("templates/swarmhub.yaml");
// The example cannot have device and file at once, nor storage.host of its own: those stand there as comments.
const withComments = text
  .replaceAll(/^( *)# ([a-z-]+: \S+)$/gm, "$1$2")
  .replaceAll(/^( *)# (images:| +- \{.*\})$/gm, "$1$2");

test("the annotated example is a valid configuration", async (t) => {
  t.is((await loadConfig(assetPath("templates/swarmhub.yaml"))).name, "geo-101");
});

test("what the example has in comments is valid in its turn", (t) => {
  t.deepEqual(complaintsOf(withComments.replaceAll(/^ +(device|image|build):.*$/gm, "")), []);
});

// Of the ways to serve browsers there is one; the others stand there as comments, each a `tls:` of its own.
const ways = [...text.matchAll(/^# (tls:.*\n(?:# {3}.*\n)*)/gm)].map(([, way = ""]) =>
  way.replaceAll(/^# /gm, ""),
);

test("each other way to serve browsers is valid in its turn", (t) => {
  t.true(ways.length >= 5);
  for (const way of ways)
    t.deepEqual(complaintsOf(text.replace(/^tls: .*\n/m, () => way)), [], way);
});

test("each key of the schema is in the example", (t) => {
  const documents = [withComments, ...ways].map((yaml) => parseDocument(yaml));
  const paths = keyPaths();
  t.true(paths.length > 20);
  for (const path of paths)
    t.true(
      documents.some((document) => document.hasIn(inExample(path)) || document.hasIn(other(path))),
      path.join("."),
    );
});

// What Let's Encrypt and any other ACME server have in common is shown at one of the two.
const other = (path: readonly string[]): readonly string[] =>
  path.map((key) => ({ letsencrypt: "acme", acme: "letsencrypt" })[key] ?? key);

// A machine is shown as a mapping once, among the workers.
const inExample = (path: readonly string[]): readonly (string | number)[] => {
  const key = path.at(-1) ?? "";
  if (path.at(-2) === "images") return [...path.slice(0, -1), key === "build" ? 2 : 1, key];
  return path.length > 1 && machines.has(path.at(-2) ?? "") ? ["workers", 1, key] : path;
};
const machines = new Set(["manager", "workers", "host"]);

test("each key of the example is explained by a comment above it or above its section", (t) => {
  const lines = text.split("\n");
  const bare = lines.filter((line, index) => {
    const key = /^ *([a-z-]+):/.exec(line)?.[1];
    const before = lines[index - 1]?.trim() ?? "";
    const section = lines[index + 1]?.trim().startsWith("#") ?? false;
    return key !== undefined && !before.startsWith("#") && !section;
  });
  t.deepEqual(bare, []);
});

test("the example is short enough to be read", (t) => {
  t.true(text.split("\n").length <= 120);
  t.true(text.split("\n").every((line) => line.length <= 120));
});
