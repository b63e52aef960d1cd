import test from "ava";
import { hashPasswords, newPasswords } from "../../src/roster/passwords.js";

test("each person gets another password that can be read aloud, and a hash with a salt of its own", async (t) => {
  const names = Array.from({ length: 12 }, (_, at) => `u${at}`);
  const passwords = newPasswords(names);
  t.is(new Set(passwords.values()).size, 12);
  for (const password of passwords.values()) t.regex(password, /^([a-z]{4}-){3}[a-z]{4}$/);
  const steps: number[] = [];
  const hashes = await hashPasswords(
    new Map([...passwords, ["twin", passwords.get("u0")!]]),
    (done) => steps.push(done),
  );
  t.deepEqual([...hashes.keys()].toSorted(), [...names, "twin"].toSorted());
  t.not(hashes.get("twin"), hashes.get("u0"));
  for (const hash of hashes.values())
    t.regex(hash, /^scrypt\$16384\$8\$1\$[\w+/]{22}==\$[\w+/]{86}==$/);
  t.is(steps.at(-1), 13);
});
