import test from "ava";
import { exitCode } from "../../../src/errors.js";
import { paths } from "../../../src/paths.js";
import { storage } from "../../../src/pieces/storage.js";
import { otherExportsScript } from "../../../src/pieces/shared/other-exports.js";
import { otherExportsIn } from "../../../src/pieces/storage/other-exports.js";
import { stopNfs } from "../../../src/pieces/storage/exports.js";
import { classOf, describeSteps, machinesOf, planError } from "../../support/class-of.js";
import { persistentStorage } from "../../support/fakes.js";
import { facts, files, mounted, nothing, plan } from "../support/disk-states.js";
import { hasSandbox, inSandbox } from "../support/sandbox.js";
import { shellProblems } from "../support/shell.js";

const otherExports = [{ path: "/data", isRoot: false }];
const sharing = () =>
  classOf(1, {
    config: {
      storage: persistentStorage({ share: true, backing: { kind: "device", path: "/dev/vdb" } }),
    },
  });
const { [paths.nfsConfiguration]: _ours, ...unshared } = files;

test("a machine that serves NFS to others is refused, with the choice", (t) => {
  const error = planError(t, () => plan(classOf(1), { ...nothing, otherExports }));
  t.is(
    error.message,
    "manager: its NFS server serves 1 folder of others (/data); swarmhub would take NFS from its other clients",
  );
  t.is(error.code, exitCode.preflight);
  t.regex(error.hint ?? "", /another machine in `storage: host`, or write `share: true`/);
});

test("with `share: true` the NFS server keeps its settings and is not restarted", async (t) => {
  const cluster = sharing();
  const steps = plan(
    cluster,
    { ...mounted, exported: false, otherExports },
    { ...facts, files: unshared },
  );
  t.deepEqual(describeSteps(steps), ["manager: start the NFS server"]);
  await t.throwsAsync(async () => steps[0]?.run(() => {}));
  t.false(cluster.manager.asked.join("").includes("restart"));
  t.deepEqual(
    describeSteps(plan(cluster, { ...mounted, otherExports }, { ...facts, files: unshared })),
    [],
  );
});

test("a class that took the server from others gives it back with `share: true`", (t) => {
  const disk = { ...mounted, otherExports };
  t.deepEqual(describeSteps(plan(classOf(1), disk, facts)), []);
  const problems = (cluster: ReturnType<typeof classOf>) =>
    storage.problems?.({ machines: machinesOf(cluster, facts), disk }, cluster) ?? [];
  t.regex(problems(classOf(1)).join(), /\(\/data\), which machines outside .* `share: true`/);
  t.deepEqual(problems(sharing()), []);
  t.deepEqual(describeSteps(plan(sharing(), disk, facts)), [
    "manager: remove /etc/nfs.conf.d/swarmhub.conf",
  ]);
});

test("an export that is the root of NFSv4 is refused also with `share: true`", (t) => {
  const root = [...otherExports, { path: "/export", isRoot: true }];
  const error = planError(t, () =>
    plan(sharing(), { ...mounted, otherExports: root }, { ...facts, files: unshared }),
  );
  t.regex(error.message, /\/export as the root of NFSv4 \(fsid=0\)/);
});

test("a server whose owner turned NFSv4.2 off cannot be shared", (t) => {
  const others = { ...mounted, otherExports, lacksNfs42: true };
  const error = planError(t, () => plan(sharing(), others, { ...facts, files: unshared }));
  t.is(error.message, "manager: its NFS server offers no NFSv4.2, which the homes need");
  t.is(error.code, exitCode.preflight);
  t.regex(error.hint ?? "", /another machine in `storage: host`, or .* \/etc\/nfs\.conf/);
  t.deepEqual(describeSteps(plan(classOf(1), { ...mounted, lacksNfs42: true }, facts)), []);
});

const sandboxed = hasSandbox ? test : test.skip;

for (const [exports, calls] of [
  ["/data *(rw)", ["unmask rpcbind.socket rpcbind.service", "try-restart nfs-server"]],
  ["# none", ["disable --now nfs-server", "unmask rpcbind.socket rpcbind.service"]],
] as const)
  sandboxed(`\`down\` of a server that swarmhub installed, with the exports "${exports}"`, (t) => {
    const { code, calls: made } = inSandbox(stopNfs("nfs-kernel-server\nrpcbind\n"), {
      programs: { systemctl: "exit 0", exportfs: "exit 0" },
      before: `echo '${exports}' >/etc/exports`,
    });
    t.is(code, 0);
    t.deepEqual(
      made.flatMap((call) => /^systemctl (?:-q )?(.*)/.exec(call)?.[1] ?? []),
      [...calls],
    );
  });

sandboxed("exports of others are found in the server and in its files", (t) => {
  t.is(shellProblems(otherExportsScript), "");
  const { stdout, stderr } = inSandbox(otherExportsScript, {
    programs: {
      exportfs: `echo '/data  10.0.0.0/8(rw,sync)'; echo '${paths.storage}  10.77.0.12(rw)'`,
    },
    before: `mkdir /etc/exports.d
printf '# a comment\\n/data *(rw)\\n"/my music" *(ro)\\n\\n/export *(fsid=0,ro) \\\\\\n  host(rw)\\n' >/etc/exports
echo '${paths.storage} 10.77.0.12(rw)' >${paths.exports}
echo '/photos *(ro)' >/etc/exports.d/photos.exports`,
  });
  t.is(stderr, "");
  t.deepEqual(otherExportsIn(stdout), [
    { path: "/data", isRoot: false },
    { path: "/my music", isRoot: false },
    { path: "/export", isRoot: true },
    { path: "/photos", isRoot: false },
  ]);
});
