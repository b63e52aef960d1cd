import test from "ava";
import { installScript, releaseScript } from "../../../src/pieces/packages/scripts.js";
import { hasSandbox, inSandbox } from "../support/sandbox.js";

const sandboxed = hasSandbox ? test : test.skip;

/** Programs of a machine where apt would do this. */
const machine = (changes: string) => ({
  "apt-get": `case "$*" in "-s "*) printf '${changes}' ;; esac`,
  "apt-cache": "exit 1",
  "dpkg-query": `case "$*" in *docker.io | *runc) printf 'ii ' ;; *containerd) printf 'hi ' ;; *) exit 1 ;; esac`,
  "apt-mark": "exit 0",
  getent: `[ "$2" = docker ]`,
});
const record =
  "cd /etc/swarmhub; for file in docker-before installed-packages held-packages; do echo $file:; cat $file; done";

sandboxed("the install records what it adds, and what was there before", (t) => {
  const { code, stdout, stderr } = inSandbox(installScript(["docker.io"]), {
    programs: machine("Inst runc (1.1 Debian)\\nInst docker.io (26 Debian)\\nConf runc (1.1)\\n"),
    before:
      "mkdir -p /var/lib/docker /var/lib/containerd/io.containerd; mount -t tmpfs tmpfs /var/lib/docker; mkdir /var/lib/docker/lost+found",
    after: record,
  });
  t.is(code, 0, stderr);
  t.is(
    stdout,
    `docker-before:
mount /var/lib/docker
content /var/lib/containerd
group docker
installed-packages:
docker.io
runc
held-packages:
docker.io
runc
`,
  );
});

sandboxed("nothing is installed where apt would remove a package", (t) => {
  const { code, stderr, calls } = inSandbox(installScript(["docker.io"]), {
    programs: machine("Remv containerd.io [1.7]\\nInst containerd (1.7)\\nInst docker.io (26)\\n"),
  });
  t.is(code, 1);
  t.regex(stderr, /apt would remove packages that others use: containerd\.io$/m);
  t.deepEqual(
    calls.filter((call) => / install -y /.test(call) && !call.startsWith("apt-get -s ")),
    [],
  );
});

sandboxed("only what swarmhub held is released", (t) => {
  const { code, stderr, calls } = inSandbox(`set -e\n${releaseScript}`, {
    programs: machine(""),
    before: "printf 'docker.io\\nrunc\\ngone\\n' >/etc/swarmhub/held-packages",
    after: "ls /etc/swarmhub 2>/dev/null",
  });
  t.is(code, 0, stderr);
  t.deepEqual(
    calls.filter((call) => call.startsWith("apt-mark")),
    ["apt-mark -q unhold docker.io", "apt-mark -q unhold runc"],
  );
});
