import test from "ava";
import { isHomeName } from "../../contracts/storage-folders.js";
import {
  assignCommands,
  limitCommand,
  limitInKiB,
  parseLsattr,
  parseProjectIds,
  parseReport,
  parseState,
  xfsQuota,
} from "../../contracts/xfs.js";

const homes = "/srv/swarmhub/homes";
const entry = (id: number, name: string) => `    ${id} -------------------P-- ${homes}/${name}\n`;

test("the lines of lsattr give attributes by name, the parent's under a dot", (t) => {
  const text = [
    `    7 -------------------P-- ${homes}/.`,
    `    0 ---------------------- ${homes}/..`,
    `   12 -------------------P-- ${homes}/ada`,
    `    0 ---------------------- ${homes}/grace---1a2b3c4d`,
    `4294967294 ----i--------------P-- ${homes}/b`,
    "",
  ].join("\n");
  t.deepEqual(Object.fromEntries(parseLsattr(text, homes)), {
    ".": { projectId: 7, inherits: true },
    ada: { projectId: 12, inherits: true },
    "grace---1a2b3c4d": { projectId: 0, inherits: false },
    b: { projectId: 4294967294, inherits: true },
  });
});

for (const [what, name] of [
  ["with a newline that imitates a line", "x\n    9 ---P-- ada"],
  ["that looks like an option", "-rf"],
  ["with a carriage return", "bob\r"],
  ["with spaces", "ada lovelace"],
  ["hidden", ".ada"],
  ["in capitals", "ADA"],
  ["in bytes that are no UTF-8", "ad\xff"],
  ["of 255 bytes", "a".repeat(255)],
  ["lost+found", "lost+found"],
  ["empty", ""],
] as const)
  test(`a name ${what} is not a home's, and none of its lines is taken for one`, (t) => {
    t.false(isHomeName(name));
    const text = entry(1, "ada") + entry(9, name);
    t.deepEqual([...parseLsattr(text, homes)], [["ada", { projectId: 1, inherits: true }]]);
  });

test("a folder whose name only begins like a home's is not taken for that home", (t) => {
  for (const hostile of ["ada\n", "ada\n\n", "ada\nx", "ada\n    7 ---P-- bob"])
    for (const text of [
      entry(0, "ada") + entry(9, hostile),
      entry(9, hostile) + entry(0, "ada"),
      entry(9, hostile) + entry(8, hostile) + entry(0, "ada") + entry(7, hostile),
    ])
      t.deepEqual(
        [...parseLsattr(text, homes)],
        [["ada", { projectId: 0, inherits: true }]],
        JSON.stringify(text),
      );
});

test("the lines of the report give accounts by project id", (t) => {
  const text = [
    "#0                   0          0          0     00 [--------]          5          0          0     00 [--------]",
    "#12               2048          0      20480     00 [--------]          3          0         10     00 [--------]",
    "#5          123456789012          0 1234567890123     00 [-none-]     120          0     100     00 [6 days]",
    "#7 4 0 4",
    "",
    "",
  ].join("\n");
  t.deepEqual(
    [...parseReport(text)],
    [
      [0, { usedKiB: 0, hardKiB: 0, usedFiles: 5, hardFiles: 0 }],
      [12, { usedKiB: 2048, hardKiB: 20480, usedFiles: 3, hardFiles: 10 }],
      [5, { usedKiB: 123456789012, hardKiB: 1234567890123, usedFiles: 120, hardFiles: 100 }],
    ],
  );
});

const state = (accounting: string, enforcement: string) =>
  `Project quota state on /srv/swarmhub (/dev/ubdb)\n  Accounting: ${accounting}\n  Enforcement: ${enforcement}\n`;

test("limits are in force only when accounting and enforcement are both on", (t) => {
  t.true(parseState(state("ON", "ON")));
  t.false(parseState(state("ON", "OFF")));
  t.false(parseState(state("OFF", "OFF")));
  t.is(parseState("xfs_quota: cannot find mount point\n"), undefined);
});

for (const [bytes, kib] of [
  [5 * 2 ** 30, 5 * 2 ** 20],
  [4096, 4],
  [8191, 4],
  [1, 4],
  [10_000_000, 9764],
] as const)
  test(`a limit of ${bytes} bytes is ${kib} KiB of whole blocks`, (t) => {
    t.is(limitInKiB(bytes), kib);
  });

test("one xfs_quota takes many commands, on one file system, without the projects files", (t) => {
  t.deepEqual(
    xfsQuota(
      "/srv/swarmhub",
      limitCommand(12, { hardKiB: 20480, hardFiles: 9 }),
      limitCommand(13, { hardKiB: 4, hardFiles: 1 }),
    ),
    [
      "xfs_quota",
      "-x",
      "-D",
      "/dev/null",
      "-P",
      "/dev/null",
      "-c",
      "limit -p bhard=20480k ihard=9 12",
      "-c",
      "limit -p bhard=4k ihard=1 13",
      "/srv/swarmhub",
    ],
  );
});

test("the commands of a folder end in close, so that the id of a missing folder does not go to the one before", (t) => {
  t.deepEqual(assignCommands(`${homes}/ada`, 12), [
    `open -r ${homes}/ada`,
    "chproj 12",
    "chattr +P",
    "lsproj",
    "close",
  ]);
});

test("only ids that were read back count as assigned", (t) => {
  t.deepEqual([...parseProjectIds("projid = 12\nno files are open\nprojid = 14\n")], [12, 14]);
});
