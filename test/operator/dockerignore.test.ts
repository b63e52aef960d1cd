import test from "ava";
import { ignoreFrom } from "../../src/operator/dockerignore.js";

const taken = (text: string, ...paths: string[]) => {
  const ignore = ignoreFrom(text);
  return paths.filter((path) => ignore(path).itself);
};

test("a name ignores the thing at the top and all that is in it", (t) => {
  t.deepEqual(taken("data\n/tmp/\n", "data", "data/a", "tmp/b", "src/data", "database"), [
    "src/data",
    "database",
  ]);
});

test("* stays within a name, ** goes over folders, ? is one letter, [] one of some", (t) => {
  t.deepEqual(taken("*.md", "a.md", "b/c.md"), ["b/c.md"]);
  t.deepEqual(taken("**/*.md", "a.md", "b/c.md", "b/md"), ["b/md"]);
  t.deepEqual(taken("b/**", "b/c/d", "a"), ["a"]);
  t.deepEqual(taken("a?\n[xy]", "ab", "abc", "x", "z"), ["abc", "z"]);
  t.deepEqual(taken("a.b", "a.b", "axb"), ["axb"]);
});

test("the last pattern that fits counts, and ! takes back in", (t) => {
  const text = "# all but one\n*\n!keep\nkeep/not\n";
  t.deepEqual(taken(text, "a", "keep", "keep/a", "keep/not"), ["keep", "keep/a"]);
  t.true(ignoreFrom("a\n!a/b")("a").below, "something in it may be taken back");
  t.false(ignoreFrom("a")("a").below);
});

test("the Dockerfile and the .dockerignore always come along; nonsense ignores nothing", (t) => {
  t.deepEqual(taken("*", "Dockerfile", ".dockerignore", "a"), ["Dockerfile", ".dockerignore"]);
  t.deepEqual(taken("[z-a]\n\n!\n.\n", "a", "z"), ["a", "z"]);
});
