import test from "ava";
import { nearest } from "../../src/text/nearest.js";

const keys = ["name", "domain", "manager", "workers", "storage", "registry-mirrors", "cpu"];

test("a slip of the pen finds its key", (t) => {
  const slips: Record<string, string> = {
    nmae: "name",
    domian: "domain",
    Manager: "manager",
    worker: "workers",
    sotrage: "storage",
    registryMirrors: "registry-mirrors",
    registry_mirror: "registry-mirrors",
    cpus: "cpu",
  };
  for (const [slip, key] of Object.entries(slips)) t.is(nearest(slip, keys), key, slip);
});

test("another word finds nothing", (t) => {
  for (const word of ["", "x", "colour", "password", "a".repeat(1_000_000)])
    t.is(nearest(word, keys), undefined);
});
