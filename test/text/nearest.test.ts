import test from "ava";
import { nearest } from "../../src/text/nearest.js";

const keys = ["name", "domain", "manager", "workers", "storage", "registry-mirrors", "cpu"];

test("a mistyped key finds the right one", (t) => {
  const mistyped: Record<string, string> = {
    nmae: "name",
    domian: "domain",
    Manager: "manager",
    worker: "workers",
    sotrage: "storage",
    registryMirrors: "registry-mirrors",
    registry_mirror: "registry-mirrors",
    cpus: "cpu",
  };
  for (const [word, key] of Object.entries(mistyped)) t.is(nearest(word, keys), key, word);
});

test("a word that is not near any key finds nothing", (t) => {
  for (const word of ["", "x", "colour", "password", "a".repeat(1_000_000)])
    t.is(nearest(word, keys), undefined);
});
