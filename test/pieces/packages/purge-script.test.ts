import { readFileSync } from "node:fs";
import test from "ava";
import { baseImage, purgeScript } from "../../../src/pieces/packages/purge-script.js";
import { hasSandbox, inSandbox } from "../support/sandbox.js";

const sandboxed = hasSandbox ? test : test.skip;

/** Programs of a machine whose Docker runs with these images, one "name:tag" a line. */
const machine = (images = "") => ({
  "apt-get": "exit 0",
  "dpkg-query": "printf 'ii '",
  systemctl: "exit 0",
  docker: `case "$*" in "image ls"*) printf '${images}' ;; esac`,
  ctr: "exit 0",
  groupdel: "exit 0",
  userdel: "exit 0",
  getent: "exit 0",
});
const docker = `mkdir -p /var/lib/docker/image /var/lib/containerd/content /run/docker/netns
echo data >/var/lib/containerd/content/blob`;
const left = "find /var/lib/docker /var/lib/containerd /run/docker 2>/dev/null | sort";

sandboxed("`down` removes Docker and containerd that swarmhub installed", (t) => {
  const { code, stdout, stderr, calls } = inSandbox(
    purgeScript(["containerd", "docker.io", "runc"]),
    { programs: machine(), before: docker, after: left },
  );
  t.is(code, 0, stderr);
  t.is(stdout, "");
  t.true(calls.includes("systemctl stop docker.socket docker.service containerd.service"));
  t.true(calls.includes("groupdel docker"));
});

sandboxed("containerd that was there before swarmhub keeps running and keeps its data", (t) => {
  const { code, stdout, stderr, calls } = inSandbox(purgeScript(["docker.io"]), {
    programs: machine(),
    before: docker,
    after: left,
  });
  t.is(code, 0, stderr);
  t.is(
    stdout,
    "/var/lib/containerd\n/var/lib/containerd/content\n/var/lib/containerd/content/blob\n",
  );
  t.deepEqual(
    calls.filter((call) => /^systemctl stop .*containerd/.test(call)),
    [],
  );
});

sandboxed(
  "a disk at /var/lib/docker stays mounted, and only Docker's data on it is erased",
  (t) => {
    for (const how of [
      "echo '/dev/vdc /var/lib/docker ext4 defaults 0 0' >/etc/fstab",
      "echo 'mount /var/lib/docker' >/etc/swarmhub/docker-before",
    ]) {
      const { code, stdout, stderr } = inSandbox(purgeScript(["containerd", "docker.io"]), {
        programs: machine(),
        before: `mkdir /var/lib/docker; mount -t tmpfs tmpfs /var/lib/docker; mkdir /var/lib/docker/lost+found
${docker}; mkdir /var/lib/docker/overlay2; mount -t tmpfs tmpfs /var/lib/docker/overlay2
${how}`,
        after: `findmnt -rno TARGET | grep docker; ${left}; ls /etc/swarmhub 2>/dev/null`,
      });
      t.is(code, 0, stderr);
      t.is(stdout, "/var/lib/docker\n/var/lib/docker\n/var/lib/docker/lost+found\n", how);
    }
  },
);

sandboxed(
  "what Docker left mounted after a power cut is unmounted, also below /run/docker",
  (t) => {
    const { code, stdout, stderr } = inSandbox(purgeScript(["containerd", "docker.io"]), {
      programs: machine(),
      before: `${docker}; touch /run/docker/netns/default
mount --bind /proc/self/ns/net /run/docker/netns/default
mkdir -p /run/containerd/io.containerd.runtime.v2.task; mount -t tmpfs tmpfs /run/containerd`,
      after: `findmnt -rno TARGET | grep -e docker -e containerd; ${left}; ls -d /run/containerd 2>/dev/null`,
    });
    t.is(code, 0, stderr);
    t.is(stdout, "");
  },
);

sandboxed("folders, and the group, that were there before swarmhub are kept", (t) => {
  const { code, stdout, stderr, calls } = inSandbox(purgeScript(["containerd", "docker.io"]), {
    programs: machine(),
    before: `${docker}
printf 'content /var/lib/docker\\ngroup docker\\n' >/etc/swarmhub/docker-before`,
    after: left,
  });
  t.is(code, 0, stderr);
  t.is(stdout, "/var/lib/docker\n/var/lib/docker/image\n");
  t.false(calls.includes("groupdel docker"));
});

sandboxed("Docker with images that swarmhub did not create is not removed", (t) => {
  const own = "swarmhub/hub:0123456789ab\\n127.0.0.1:20500/swarmhub/built:ab\\n<none>:<none>\\n";
  const base = "debian:trixie-slim\\nquay.io/jupyter/scipy-notebook:<none>\\n";
  const programs = machine(`${own}${base}my-course:2026\\n`);
  const { code, stdout, stderr } = inSandbox(purgeScript(["containerd", "docker.io"]), {
    programs,
    before: docker,
    after: left,
  });
  t.is(code, 1);
  t.regex(stderr, /^Docker is not removed, .* did not create: image my-course:2026$/m);
  t.regex(stderr, /docker image rm/);
  t.regex(stdout, /blob/);
});

sandboxed("containerd with images of others is not removed", (t) => {
  const programs = {
    ...machine(),
    ctr: `case "$*" in
*namespaces*) printf 'moby\\nk8s.io\\ndefault\\n' ;;
*k8s.io*) echo registry.k8s.io/pause:3.9 ;;
*moby*) echo swarmhub ;;
esac`,
  };
  const { code, stderr } = inSandbox(purgeScript(["containerd", "docker.io"]), {
    programs,
    before: docker,
  });
  t.is(code, 1);
  t.regex(stderr, /did not create: image registry\.k8s\.io\/pause:3\.9 of containerd$/m);
});

for (const [exports, purged] of [
  ["/data *(rw)", "xfsprogs"],
  ["# none", "nfs-common nfs-kernel-server xfsprogs"],
] as const)
  sandboxed(`the packages of an NFS server with the exports "${exports}"`, (t) => {
    const { code, stdout, stderr, calls } = inSandbox(
      purgeScript(["nfs-common", "nfs-kernel-server", "xfsprogs"]),
      {
        programs: {
          ...machine(),
          exportfs: "exit 0",
          "apt-get": `case "$*" in "-s "*nfs*) echo 'Purg nfs-kernel-server [1:2.8]' ;; esac`,
        },
        before: `echo '${exports}' >/etc/exports; touch /etc/swarmhub/installed-packages; mkdir /var/lib/nfs`,
        after: "ls -d /var/lib/nfs /etc/swarmhub 2>/dev/null",
      },
    );
    t.is(code, 0, stderr);
    t.true(calls.some((call) => call.endsWith(`purge -y ${purged}`) && !call.includes(" -s ")));
    t.is(stdout, exports.startsWith("/") ? "/var/lib/nfs\n" : "");
  });

sandboxed("units of the purged NFS that failed are not listed any more, and others stay", (t) => {
  const forgotten = (...names: string[]) =>
    inSandbox(purgeScript(names), {
      programs: { ...machine(), umount: "exit 0" },
      before: "true",
      after: "true",
    }).calls.filter((call) => call.includes("reset-failed"));
  t.deepEqual(forgotten("nfs-common", "xfsprogs"), [
    "systemctl reset-failed nfs-blkmap.service rpc-statd.service",
  ]);
  t.deepEqual(forgotten("xfsprogs"), []);
});

test("the base image of our own images is known by the name in their Dockerfile", (t) => {
  const froms = readFileSync("templates/Dockerfile", "utf8").match(/^FROM .*$/gm) ?? [];
  t.deepEqual(
    froms.filter((line) => !line.startsWith("FROM base ")),
    [`FROM ${baseImage} AS base`],
  );
});
