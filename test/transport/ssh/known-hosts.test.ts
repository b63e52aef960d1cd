import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { hostKeyAlgorithms } from "../../../src/transport/ssh/host-key.js";
import {
  addKnownHost,
  fingerprint,
  judge,
  namesMatch,
  parseKnownHosts,
  readKnownHosts,
  typeOf,
} from "../../../src/transport/ssh/known-hosts.js";

// github.com's key, whose fingerprint GitHub publishes.
const ed25519 = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
const key = Buffer.from(ed25519, "base64");
const otherKey = Buffer.from(ed25519.replace("GKJl", "GKJm"), "base64");
const lines = (text: string) => parseKnownHosts(text, "kh");

test("a fingerprint is OpenSSH's", (t) => {
  t.is(fingerprint(key), "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU");
  t.is(typeOf(key), "ssh-ed25519");
  t.is(typeOf(Buffer.alloc(2)), "");
});

test("comments, empty and malformed lines are skipped, and the others keep their line number", (t) => {
  const text = `# comment\n\nbox ssh-ed25519 ${ed25519} me@home\nnonsense\n@strange box ssh-rsa AAAA\n@revoked * ssh-rsa AAAA\r\n`;
  t.deepEqual(
    lines(text).map(({ marker, names, where }) => [marker, names, where]),
    [
      [undefined, "box", "kh:3"],
      ["@revoked", "*", "kh:6"],
    ],
  );
});

const matching: [names: string, name: string, isMatch: boolean][] = [
  ["box", "box", true],
  ["box", "boxes", false],
  ["BOX", "box", true],
  ["a,box,b", "box", true],
  ["*.example.org", "a.example.org", true],
  ["*.example.org", "example.org", false],
  ["10.0.0.?", "10.0.0.7", true],
  ["10.0.0.?", "10.0.0.77", false],
  ["*,!box", "box", false],
  ["!box", "other", false],
  ["box", "[box]:2222", false],
  ["[box]:2222", "[box]:2222", true],
  ["[*]:2222", "[box]:2222", true],
  ["a.b", "axb", false],
  ["a+b(c", "a+b(c", true],
  // Made by ssh-keygen -H from "box".
  ["|1|BqvHcfXZl6qFJNthn6OgPOGdCOs=|y9TcHPLTHf1UDZTX7y2Fk4F/CGY=", "box", true],
  ["|1|BqvHcfXZl6qFJNthn6OgPOGdCOs=|y9TcHPLTHf1UDZTX7y2Fk4F/CGY=", "other", false],
  ["|1|broken", "box", false],
];

for (const [names, name, isMatch] of matching)
  test(`the names ${names} ${isMatch ? "match" : "do not match"} ${name}`, (t) => {
    t.is(namesMatch(names, name), isMatch);
  });

test("a known key is known, whatever else is in the file", (t) => {
  const known = lines(`box ssh-rsa AAAA\nbox ssh-ed25519 ${ed25519}`);
  t.deepEqual(judge(known, key), { kind: "known" });
});

test("a host without a line is unknown", (t) => {
  t.deepEqual(judge([], key), { kind: "unknown" });
});

test("another key of the same type is a change, reported with its line", (t) => {
  const known = lines(`box ssh-rsa AAAA\nbox ssh-ed25519 ${ed25519}`);
  t.deepEqual(judge(known, otherKey), { kind: "changed", where: "kh:2" });
});

test("a key of another type than the known ones is a change too, not a new host", (t) => {
  t.deepEqual(judge(lines("box ssh-rsa AAAA"), key), { kind: "changed", where: "kh:1" });
});

test("a revoked key is refused although another line has it", (t) => {
  const known = lines(`box ssh-ed25519 ${ed25519}\n@revoked box ssh-ed25519 ${ed25519}`);
  t.deepEqual(judge(known, key), { kind: "revoked", where: "kh:2" });
});

test("a revoked key says nothing about other keys", (t) => {
  t.deepEqual(judge(lines(`@revoked box ssh-ed25519 ${ed25519}`), otherKey), { kind: "unknown" });
});

test("a certificate authority does not make a plain key known, and its line is reported", (t) => {
  t.deepEqual(judge(lines(`@cert-authority * ssh-ed25519 ${ed25519}`), key), {
    kind: "authority",
    where: "kh:1",
  });
});

test("the known types of key are asked for first", (t) => {
  t.is(hostKeyAlgorithms([])[0], "ssh-ed25519");
  t.deepEqual(hostKeyAlgorithms(lines("box ssh-rsa AAAA")).slice(0, 2), [
    "rsa-sha2-512",
    "rsa-sha2-256",
  ]);
  t.is(hostKeyAlgorithms(lines("box ecdsa-sha2-nistp384 AAAA"))[0], "ecdsa-sha2-nistp384");
  t.is(hostKeyAlgorithms(lines("@cert-authority * ssh-rsa AAAA"))[0], "ssh-ed25519");
});

test("a saved key is found again, plain and hashed, also after a last line without a newline", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-known-"));
  t.teardown(() => rm(folder, { recursive: true }));
  const file = join(folder, "new", "known_hosts");
  await addKnownHost(file, "[box]:2222", key, false);
  t.is((await stat(file)).mode & 0o777, 0o600);
  await writeFile(file, (await readFile(file, "utf8")).trimEnd());
  await addKnownHost(file, "other", key, true);
  const text = await readFile(file, "utf8");
  t.regex(text, /^\[box\]:2222 ssh-ed25519 AAAA\S+\n\|1\|\S+\|\S+ ssh-ed25519 AAAA\S+\n$/);
  t.is((await readKnownHosts([file], "[box]:2222"))[0]?.where, `${file}:1`);
  t.is((await readKnownHosts([file], "other"))[0]?.where, `${file}:2`);
  t.deepEqual(await readKnownHosts([file, join(folder, "none")], "box"), []);
});
