import { spawnSync } from "node:child_process";

/** What a script did in a sandbox: its exit code, its output, and the calls of the stand-in programs. */
type Ran = { code: number; stdout: string; stderr: string; calls: string[] };

const unshare = ["-mn", ...(process.getuid?.() === 0 ? [] : ["-r"]), "sh", "-s"];

/** Whether this machine allows namespaces of its own. */
export const hasSandbox: boolean = spawnSync("unshare", unshare, { input: "true" }).status === 0;

/**
 * Runs a shell script as root in mount and network namespaces of its own, with empty /etc, /var/lib, /run and /srv. `programs` are
 * shell scripts that stand for programs of the machine; `before` prepares, and `after` looks at what is left.
 */
export const inSandbox = (
  script: string,
  {
    before = "",
    after = "",
    programs = {},
  }: { before?: string; after?: string; programs?: Record<string, string> } = {},
): Ran => {
  const input = `set -e
for folder in /etc /var/lib /run /srv; do mount -t tmpfs -o mode=755 tmpfs $folder; done
mkdir -p /run/bin /etc/swarmhub
: >/run/calls
${Object.entries(programs)
  .map(
    ([name, text]) => `cat >/run/bin/${name} <<'program'
#!/bin/sh
echo "${name} $*" >>/run/calls
${text}
program
chmod +x /run/bin/${name}`,
  )
  .join("\n")}
PATH=/run/bin:$PATH
${before}
cat >/run/script <<'the script'
${script}
the script
code=0; sh /run/script </dev/null || code=$?
set +e
${after}
printf '\\035'; cat /run/calls
exit $code`;
  const { status, stdout, stderr } = spawnSync("unshare", unshare, { input, encoding: "utf8" });
  const [text = "", calls = ""] = stdout.split("\u001d");
  return { code: status ?? -1, stdout: text, stderr, calls: calls.split("\n").filter(Boolean) };
};
