import test from "ava";
import { ignoreFrom } from "../../src/operator/dockerignore.js";

const included = (text: string, ...paths: string[]) => {
  const includes = ignoreFrom(text);
  return paths.filter((path) => includes(path).itself);
};

test("a name ignores the file or folder at the top and everything below it", (t) => {
  t.deepEqual(included("data\n/tmp/\n", "data", "data/a", "tmp/b", "src/data", "database"), [
    "src/data",
    "database",
  ]);
});

test("* matches within a name, ** across folders, ? one character, [] one of several", (t) => {
  t.deepEqual(included("*.md", "a.md", "b/c.md"), ["b/c.md"]);
  t.deepEqual(included("**/*.md", "a.md", "b/c.md", "b/md"), ["b/md"]);
  t.deepEqual(included("b/**", "b/c/d", "a"), ["a"]);
  t.deepEqual(included("a?\n[xy]", "ab", "abc", "x", "z"), ["abc", "z"]);
  t.deepEqual(included("a.b", "a.b", "axb"), ["axb"]);
});

test("the last matching pattern counts, and ! includes again", (t) => {
  const text = "# all but one\n*\n!keep\nkeep/not\n";
  t.deepEqual(included(text, "a", "keep", "keep/a", "keep/not"), ["keep", "keep/a"]);
  t.true(ignoreFrom("a\n!a/b")("a").below, "something in it may be included again");
  t.false(ignoreFrom("a")("a").below);
});

test("Dockerfile and .dockerignore are always included; an invalid pattern ignores nothing", (t) => {
  t.deepEqual(included("*", "Dockerfile", ".dockerignore", "a"), ["Dockerfile", ".dockerignore"]);
  t.deepEqual(included("[z-a]\n\n!\n.\n", "a", "z"), ["a", "z"]);
});
