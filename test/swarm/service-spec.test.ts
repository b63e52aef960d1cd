import test from "ava";
import { differences } from "../../src/swarm/service-spec.js";

test("Docker's defaults are no difference", (t) => {
  t.deepEqual(differences({ a: { b: 1 } }, { a: { b: 1, c: 2 }, d: [] }), []);
});

test("each difference is reported by its path", (t) => {
  const want = { a: { b: 1, c: [1, { d: 2 }] }, e: "x", f: true };
  t.deepEqual(differences(want, { a: { b: 2, c: [1, { d: 3 }] }, f: true }), [
    "a.b",
    "a.c[1].d",
    "e",
  ]);
});

test("lists differ by length and order", (t) => {
  t.deepEqual(differences({ a: [1, 2] }, { a: [1] }), ["a"]);
  t.deepEqual(differences({ a: [1, 2] }, { a: [2, 1] }), ["a[0]", "a[1]"]);
  t.deepEqual(differences({ a: [] }, {}), [], "Docker leaves an empty list away");
});

test("a missing key is a difference, also a whole object", (t) => {
  t.deepEqual(differences({ a: { b: { c: 1 } } }, {}), ["a.b.c"]);
  t.deepEqual(differences({ a: 1 }, undefined), ["a"]);
  t.deepEqual(differences({ a: 1 }, { a: "1" }), ["a"]);
});
