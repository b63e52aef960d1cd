import test from "ava";
import { configFrom } from "../../../src/config/load.js";
import { withWorkers, withoutWorkers } from "../../../src/config/yaml/edit-workers.js";
import { UserError, exitCode } from "../../../src/errors.js";

const rest = "storage: {device: /dev/vdb}   # the disk\n";
const head = "# our class\nname: geo-101\n\nmanager: debian@a   # the big one\n";

/** A layout of workers: the text, the text with one worker more, and the text with one worker less. */
const layouts: [what: string, before: string, added: string, without?: [string, string]][] = [
  ["no workers at all", "", "workers: [debian@new]\n"],
  ["an empty key with a comment", "workers:   # later\n", "workers: [debian@new]   # later\n"],
  ["a null", "workers: ~ # none\n", "workers: [debian@new] # none\n"],
  ["an empty list", "workers: [ ]\n", "workers: [debian@new]\n"],
  [
    "a list on one line",
    "workers: [w1, w2]   # both\n",
    "workers: [w1, w2, debian@new]   # both\n",
    ["w1", "workers: [w2]   # both\n"],
  ],
  ["a list of one", "workers: [w1]\n", "workers: [w1, debian@new]\n", ["w1", "workers: []\n"]],
  [
    "the last of a line",
    "workers: [w1,w2]\n",
    "workers: [w1,w2, debian@new]\n",
    ["w2", "workers: [w1]\n"],
  ],
  [
    "a comma at the end",
    "workers: [w1, w2,]\n",
    "workers: [w1, w2, debian@new,]\n",
    ["w2", "workers: [w1, ]\n"],
  ],
  [
    "a bracketed list over lines, with comments",
    "workers: [\n  w1, # one\n  w2 # two, the slow one\n]\n",
    "workers: [\n  w1, # one\n  w2, # two, the slow one\n  debian@new\n]\n",
    ["w2", "workers: [\n  w1 # one\n   # two, the slow one\n]\n"],
  ],
  [
    "a bracketed list over lines, with a comma at the end",
    "workers: [\n  w1,\n  w2,\n]\n",
    "workers: [\n  w1,\n  w2,\n  debian@new,\n]\n",
    ["w1", "workers: [\n  \n  w2,\n]\n"],
  ],
  [
    "a line for each",
    "workers:\n  # in the cellar\n  - w1 # one\n  # in the attic\n  - w2 # two\n\n# their disk\n",
    "workers:\n  # in the cellar\n  - w1 # one\n  # in the attic\n  - w2 # two\n  - debian@new\n\n# their disk\n",
    ["w2", "workers:\n  # in the cellar\n  - w1 # one\n  # in the attic\n\n# their disk\n"],
  ],
  [
    "mappings over lines, not indented",
    "workers:\n- host: w1\n  address: 10.0.0.1 # inside\n-   {host: w2}\n",
    "workers:\n- host: w1\n  address: 10.0.0.1 # inside\n-   {host: w2}\n-   debian@new\n",
    ["w1", "workers:\n-   {host: w2}\n"],
  ],
  [
    "the only line",
    "workers: # all\n  - w1\n",
    "workers: # all\n  - w1\n  - debian@new\n",
    ["w1", "workers: [] # all\n"],
  ],
];

for (const [what, before, added, without] of layouts)
  for (const newline of ["\n", "\r\n"])
    test(`${what}${newline === "\n" ? "" : ", with CRLF"}: nothing else changes`, (t) => {
      const file = (workers: string) => `${head}${workers}${rest}`.replaceAll("\n", newline);
      const more = [{ destination: "debian@new" }];
      t.is(withWorkers(file(before), "class.yaml", more), file(added));
      if (without === undefined) return;
      const [gone, left] = without;
      t.is(withoutWorkers(file(before), "class.yaml", [gone]), file(left));
    });

test("a file without a newline at its end gets one more line", (t) => {
  const text = "name: a\nstorage: temporary\nmanager: m\nworkers:\n  - w1";
  const more = withWorkers(text, "class.yaml", [{ destination: "w2" }]);
  t.is(more, `${text}\n  - w2`);
  t.is(withoutWorkers(more, "class.yaml", ["w2"]), `${text}\n`);
});

test("a file that is one mapping in braces is edited too", (t) => {
  const text = '{"name": "a", "manager": "m", "storage": "temporary"}';
  const more = withWorkers(text, "class.yaml", [{ destination: "w1" }, { destination: "w2" }]);
  t.is(more, '{"name": "a", "manager": "m", workers: [w1, w2], "storage": "temporary"}');
  t.is(
    withoutWorkers(more, "class.yaml", ["w1", "w2"]),
    '{"name": "a", "manager": "m", workers: [], "storage": "temporary"}',
  );
});

test("several workers are added and removed at once, with their addresses, and quoted where YAML would misread them", (t) => {
  const more = [
    { destination: "ssh://debian@b:2222", address: "10.0.0.7" },
    { destination: "1e3" },
    { destination: "fe80::1" },
  ];
  const text = withWorkers(head + rest, "class.yaml", more);
  t.regex(
    text,
    /^workers: \[\{host: ssh:\/\/debian@b:2222, address: 10.0.0.7\}, "1e3", fe80::1\]$/m,
  );
  t.deepEqual(configFrom(text, "class.yaml").workers, more);
  const left = withoutWorkers(text, "class.yaml", ["1e3", "ssh://debian@b:2222"]);
  t.deepEqual(configFrom(left, "class.yaml").workers, [{ destination: "fe80::1" }]);
});

const refusal = (work: () => unknown): UserError => {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error;
  }
  throw new Error("it was accepted");
};

test("a machine that is already in the file has the usual complaint", (t) => {
  const error = refusal(() => withWorkers(head + rest, "class.yaml", [{ destination: "root@a" }]));
  t.regex(error.message, /root@a, the same machine as "manager"/);
});

test("a layout that cannot be edited is refused with the line to write", (t) => {
  const text = `name: a\nmanager: m\nstorage: temporary\nworkers:\n  -\n    host: w1\n`;
  const error = refusal(() => withoutWorkers(text, "class.yaml", ["w1"]));
  t.is(error.code, exitCode.usage);
  t.is(error.hint, "write them by hand: workers: []");
});
