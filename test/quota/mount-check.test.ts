import test from "ava";
import { findMount, problemOf } from "../../quota/mount-check.js";

const root = "/srv/swarmhub";
const line = (folder: string, type: string, options: string) =>
  `38 18 98:16 ${folder} ${root} rw,relatime shared:77 - ${type} /dev/vdb ${options}`;
const others = [
  "18 1 98:0 / / rw,relatime shared:1 - ext4 /dev/vda rw",
  "39 18 0:5 / /srv/swarmhub2 rw - xfs /dev/vdc rw,prjquota",
];
const problem = (...lines: string[]) =>
  problemOf(findMount([...others, ...lines, ""].join("\n"), root), root);

test("an XFS disk mounted with prjquota is ready", (t) => {
  t.is(problem(line("/", "xfs", "rw,attr2,inode64,prjquota")), undefined);
});

for (const [title, lines, words] of [
  ["without a mount", [], /no disk is mounted there/],
  [
    "that is a folder of the system's disk",
    [line("/srv/swarmhub", "xfs", "rw,prjquota")],
    /no disk/,
  ],
  ["on another file system", [line("/", "ext4", "rw,prjquota")], /is ext4, but only XFS/],
  ["mounted without quota", [line("/", "xfs", "rw,noquota")], /does not enforce/],
  [
    "mounted with quotas that are only counted",
    [line("/", "xfs", "rw,pqnoenforce")],
    /does not enforce/,
  ],
  ["under another mount", [line("/", "xfs", "rw,prjquota"), line("/", "tmpfs", "rw")], /is tmpfs/],
] as const)
  test(`a storage ${title} is not ready, and the sentence gives the reason`, (t) => {
    t.regex(problem(...lines) ?? "", words);
  });
