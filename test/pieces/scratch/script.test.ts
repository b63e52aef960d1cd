import { spawnSync } from "node:child_process";
import test from "ava";
import { scratchSettings } from "../../../src/cluster/scratch.js";
import { paths } from "../../../src/paths.js";
import { purgeScript } from "../../../src/pieces/packages/purge-script.js";
import { mountUnit, needUnit, setUpScript } from "../../../src/pieces/scratch/script.js";
import { writeScript } from "../../../src/pieces/shared/files.js";
import { hasSandbox, inSandbox } from "../support/sandbox.js";
import { shellProblems } from "../support/shell.js";

const sandboxed = hasSandbox ? test : test.skip;
const has = (program: string): boolean => spawnSync("which", [program]).status === 0;
// Root of the machine may mount a file; root of a user namespace may not.
const withXfs = hasSandbox && process.getuid?.() === 0 && has("mkfs.xfs") ? test : test.skip;

const limit = 100 * 2 ** 20;
const size = 320 * 2 ** 20;
const write = [
  { path: paths.scratchMount, content: mountUnit },
  { path: paths.scratchNeed, content: needUnit },
  { path: paths.dockerConfiguration, content: JSON.stringify(scratchSettings(limit)) },
]
  .map(writeScript)
  .join("\n");
const script = setUpScript({
  limit,
  file: size,
  write,
  restore: `rm -f ${paths.dockerConfiguration}`,
});
const shown = `cat ${paths.scratchNote} | tail -n +2; ls ${paths.state} 2>/dev/null; findmnt -rno FSTYPE /var/lib/docker
ls /etc/systemd/system /etc/systemd/system/* /etc/docker 2>/dev/null | grep -v '^$'; ls -A /var/lib/docker`;

/** systemd mounts what the unit names; a kernel without XFS quota mounts it without. Docker's container sees `seen` bytes. */
const programs = (seen: string) => ({
  systemctl: `case "$*" in
"start var-lib-docker.mount")
  what=$(sed -n 's/^What=//p' ${paths.scratchMount}) where=$(sed -n 's/^Where=//p' ${paths.scratchMount})
  mount -o "$(sed -n 's/^Options=//p' ${paths.scratchMount})" "$what" "$where" 2>/dev/null || mount -o loop "$what" "$where" ;;
"stop var-lib-docker.mount") umount /var/lib/docker 2>/dev/null ;;
esac
exit 0`,
  fallocate: 'truncate -s "$2" "$3"',
  docker: `case "$1" in import) tar -t | grep -c '^usr/bin/df$\\|^bin/df$' >/run/imported; echo sha256:1 ;; run) printf '1B-blocks\\n${seen}\\n' ;; esac`,
  "apt-get": "exit 0",
  "dpkg-query": "printf 'ii '",
  getent: "exit 1",
  ctr: "exit 0",
});
const fresh =
  "mkdir -p /var/lib/docker/containers /var/lib/docker/overlay2/l /var/lib/docker/volumes";

test("the scripts are valid", (t) => {
  t.is(shellProblems(script), "");
});

withXfs("a new Docker moves to XFS in a file, and `down` leaves nothing of it", (t) => {
  const { code, stdout, stderr, calls } = inSandbox(
    `(${script}\n)\n${shown}\ncat /run/imported\necho ---\n${purgeScript(["containerd", "docker.io"])}`,
    {
      programs: programs(String(limit)),
      before: fresh,
      after: `findmnt -rno TARGET | grep docker; ls -d /var/lib/docker ${paths.state} ${paths.configuration} /etc/docker 2>/dev/null; find /etc/systemd -type f; losetup -j ${paths.scratchFile}`,
    },
  );
  t.is(code, 0, stderr);
  const [set = "", left] = stdout.split("---\n");
  t.regex(set, new RegExp(`^limit ${limit}\nseen ${limit}\nscratch.xfs\nxfs\n`));
  for (const name of ["var-lib-docker.mount", "swarmhub-scratch.conf", "daemon.json"])
    t.true(set.includes(`${name}\n`), name);
  // Of Docker's first start nothing is left, and df itself is in the image.
  t.false(set.includes("overlay2"));
  t.true(set.endsWith("\n1\n"));
  // Its settings are those of the piece's own removal.
  t.is(left, "/etc/docker\n");
  const order = [
    "systemctl stop docker.socket",
    "systemctl start var-lib",
    "systemctl enable --now docker",
  ];
  const places = order.map((start) => calls.findIndex((call) => call.startsWith(start)));
  t.deepEqual(
    places,
    places.toSorted((one, other) => one - other),
  );
});

sandboxed("where it cannot be made, everything is put back and Docker runs as before", (t) => {
  const { code, stdout, stderr, calls } = inSandbox(script, {
    programs: { ...programs("1"), "mkfs.xfs": "echo 'mkfs.xfs: no <such> device' >&2; exit 1" },
    before: `${fresh}; echo kept >/var/lib/docker/overlay2/l/x`,
    after: `${shown}; cat /var/lib/docker/overlay2/l/x`,
  });
  t.is(code, 0, stderr);
  t.is(
    stdout,
    "failed mkfs.xfs: no such device\nfailed mkfs.xfs: no such device\ncontainers\noverlay2\nvolumes\nkept\n",
  );
  t.is(calls.at(-1), "systemctl enable --now docker.service");
});

sandboxed("Docker with an image, a volume, a container or a Swarm is not touched", (t) => {
  for (const path of [
    "image/overlay2/imagedb/content/sha256/0",
    "volumes/data/_data",
    "containers/0",
    "swarm/docker-state.json",
  ]) {
    const { stdout } = inSandbox(script, {
      programs: programs("1"),
      before: `mkdir -p /var/lib/docker/${path}`,
      after: `ls -d /var/lib/docker/${path}`,
    });
    t.regex(stdout, new RegExp(`^failed Docker has data already: .*\n/var/lib/docker/${path}\n$`));
  }
});
