import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { registryOf } from "../../../src/config/values/image.js";
import { complaintsOf } from "../support/complaints.js";

const withRegistries = (lines: string) =>
  `name: geo\nmanager: m\nstorage: temporary\nregistries:\n${lines}\n`;

test("registries have a user and a password each, which comes from elsewhere", (t) => {
  const lines =
    "  ghcr.io: {user: ada, password: from-env T}\n  registry-1.docker.io: {user: b, password: from-file t}\n  localhost:5000: {user: c, password: from-env T}";
  t.deepEqual(configFrom(withRegistries(lines), "/class/swarmhub.yaml").registries, {
    "ghcr.io": { user: "ada", password: { kind: "env", name: "T" } },
    "docker.io": { user: "b", password: { kind: "file", path: "/class/t" } },
    "localhost:5000": { user: "c", password: { kind: "env", name: "T" } },
  });
});

for (const [line, complaint] of [
  [
    "  ghcr.io: {user: ada, password: s3cret}",
    /^5:\d+ {2}"registries\.ghcr\.io\.password" is invalid: .*from-env/,
  ],
  ["  ghcr.io: {user: ada, password: generated}", /cannot generate this secret/],
  ["  ghcr.io: {user: ada}", /"registries.ghcr.io.password" is missing/],
  ["  https://ghcr.io: {user: a, password: from-env T}", /^5:3 {2}"registries\..*without https/],
  [
    "  ghcr.io/geo: {user: a, password: from-env T}",
    /^5:3 .*is no registry: .*in front of the first/,
  ],
  [
    "  docker.io: {user: a, password: from-env T}\n  index.docker.io: {user: a, password: from-env T}",
    /docker\.io again/,
  ],
] as const)
  test(`refused: registries with ${line.trim()}`, (t) => {
    const complaints = complaintsOf(withRegistries(line));
    t.true(
      complaints.some((each) => complaint.test(each)),
      complaints.join("\n"),
    );
    t.notRegex(complaints.join("\n"), /s3cret/);
  });

test("the registry of an image is read from its name", (t) => {
  t.deepEqual(
    [
      "ghcr.io/a/b:1",
      "a/b",
      "debian:13",
      "localhost/a",
      "r:5000/a@sha256:0",
      "index.docker.io/a/b",
    ].map(registryOf),
    ["ghcr.io", "docker.io", "docker.io", "localhost", "r:5000", "docker.io"],
  );
});
