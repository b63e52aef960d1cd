import test from "ava";
import { parseDocument } from "yaml";
import { loadConfig } from "../../src/config/load.js";
import { anyName, keyPaths } from "../../src/config/schema/unknown-keys.js";
import { assetPath, readAsset } from "../../src/operator/assets.js";
import { complaintsOf } from "./support/complaints.js";

const text = readAsset("templates/swarmhub.yaml");
// The example cannot have device and file at once, nor a storage.host: those are comments in it.
const withComments = text
  .replaceAll(/^( *)# ([a-z-]+: \S+)$/gm, "$1$2")
  .replaceAll(/^( *)# ((?:advanced|files|warm|content): \{.*\})$/gm, "$1$2")
  .replaceAll(/^( *)# (images:| +- \{.*\})$/gm, "$1$2");

test("the annotated example is a valid configuration", async (t) => {
  t.is((await loadConfig(assetPath("templates/swarmhub.yaml"))).name, "geo-101");
});

test("the commented keys of the example are valid in place of the others", (t) => {
  t.deepEqual(
    complaintsOf(withComments.replaceAll(/^ +(device|image|build|shared-password):.*$/gm, "")),
    [],
  );
});

// The example has one kind of TLS; the others are comments, each with its own `tls:`.
const tlsForms = [...text.matchAll(/^# (tls:.*\n(?:# {3}.*\n)*)/gm)].map(([, form = ""]) =>
  form.replaceAll(/^# /gm, ""),
);

test("each other kind of TLS in the example is valid", (t) => {
  t.true(tlsForms.length >= 5);
  for (const form of tlsForms)
    t.deepEqual(complaintsOf(text.replace(/^tls: .*\n/m, () => form)), [], form);
});

const domainForms = [...text.matchAll(/^# (domain: \{.*\})$/gm)].map(([, form = ""]) => form);

test("the other form of the domain in the example is valid", (t) => {
  t.is(domainForms.length, 1);
  for (const form of domainForms)
    t.deepEqual(complaintsOf(text.replace(/^domain: .*$/m, () => form)), []);
});

// The example has one method of login; the others are comments in its section.
const methodForms = [
  ...text.matchAll(
    /^ {2}# ((?:oidc|github|google|globus|cilogon|cas|ldap|lti):.*\n(?: {2}# {3}.*\n)*)/gm,
  ),
].map(([, form = ""]) => `  ${form.replaceAll(/^ {2}# /gm, "  ")}`);
const allowForms = [...text.matchAll(/^ {2}# (allow: .*\n)/gm)].map(([, form = ""]) => `  ${form}`);

test("each other method of login in the example is valid", (t) => {
  t.true(methodForms.length >= 11);
  t.is(allowForms.length, 2);
  for (const form of [...methodForms, ...allowForms])
    t.deepEqual(complaintsOf(withLogin(form)), [], form);
});

const withLogin = (form: string): string => text.replace(/^ {2}shared-password: .*\n/m, () => form);

// A group may have other names at a provider, so that this line needs another method than that of the example.
const withClaims = withLogin(methodForms.find((form) => form.startsWith("  lti:")) ?? "").replace(
  /^( *)# (tutors: .*)$/m,
  "$1$2",
);

test("the group of a provider in the example is valid", (t) => {
  t.regex(withClaims, /^ {4}tutors: /m);
  t.deepEqual(complaintsOf(withClaims), []);
});

test("each key of the schema is in the example", (t) => {
  const loginForms = [...methodForms, ...allowForms].map(withLogin);
  const documents = [withComments, withClaims, ...tlsForms, ...domainForms, ...loginForms].map(
    (yaml) => parseDocument(yaml),
  );
  const paths = keyPaths();
  t.true(paths.length > 20);
  for (const path of paths)
    t.true(
      documents.some((document) => document.hasIn(inExample(path)) || document.hasIn(other(path))),
      path.join("."),
    );
});

// Keys that letsencrypt and acme share are in one of the two.
const other = (path: readonly string[]): readonly string[] =>
  path.map((key) => ({ letsencrypt: "acme", acme: "letsencrypt" })[key] ?? key);

// One machine of the example is a mapping, in workers.
const inExample = (path: readonly string[]): readonly (string | number)[] => {
  const key = path.at(-1) ?? "";
  if (path[1] === anyName) return [path[0] ?? "", "ghcr.io", ...path.slice(2)];
  if (path[2] === anyName)
    return [...path.slice(0, 2), key === "claims" ? "tutors" : "advanced", key];
  if (path.at(-2) === "services") return [...path.slice(0, -1), 0, key];
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
  t.true(text.split("\n").length <= 300);
  t.true(text.split("\n").every((line) => line.length <= 120));
});
