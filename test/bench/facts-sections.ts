import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { factsScript } from "../../src/host/facts/script.js";
import { seconds } from "./figure.js";

const run = promisify(execFile);

/** The duration of each section of the facts script on node1, the longest first; measured with bash, whose clock needs no process. */
export const factsSections = async (sshConfigFile: string): Promise<string> => {
  const script = factsScript().replace(
    /^section\(\).*$/m,
    `section() { printf '\\n\\036%s %s\\n' "$EPOCHREALTIME" "$1"; }`,
  );
  const running = run("ssh", ["-F", sshConfigFile, "node1", "sudo bash -s"], {
    maxBuffer: 1 << 26,
  });
  running.child.stdin?.end(`${script.replace(/exit 0\s*$/, "section end")}\n`);
  const { stdout } = await running;
  const marks = [...stdout.matchAll(/^\u001e([\d.]+) (.+)$/gm)].map(([, at = "", name = ""]) => ({
    at: Number(at) * 1000,
    name,
  }));
  const times = marks
    .slice(0, -1)
    .map(({ at, name }, index) => ({ name, ms: (marks[index + 1]?.at ?? at) - at }))
    .toSorted((one, other) => other.ms - one.ms);
  const all = times.reduce((total, { ms }) => total + ms, 0);
  const list = times.slice(0, 12).map(({ name, ms }) => `${name} ${seconds(ms)}`);
  return `The facts script takes ${seconds(all)} on node1: ${list.join(", ")}.\n`;
};
