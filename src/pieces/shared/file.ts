import { posix } from "node:path";
import type { Facts } from "../../facts.js";
import type { Host } from "../../host.js";
import { quote } from "../../quote.js";
import type { Step } from "../../step.js";

/** A file that should have exactly this content, and a command (a shell script) that makes it count. */
export type WantedFile = { path: string; content: string; mode?: number; then?: string };

/** The steps that bring files to their content: none where they have it. */
export const fileSteps = (host: Host, facts: Facts, files: readonly WantedFile[]): Step[] =>
  files
    .filter(({ path, content }) => facts.files[path] !== content)
    .map(({ path, content, mode, then }) => ({
      host,
      title: `write ${path}`,
      run: () =>
        then === undefined
          ? host.write(path, content, mode)
          : host.script(writeScript({ path, content, mode: mode ?? 0o644, then })),
    }));

/** The steps that take files away again, and run a shell script after each. */
export const removeFileSteps = (
  host: Host,
  facts: Facts,
  files: readonly { path: string; then?: string }[],
): Step[] =>
  files
    .filter(({ path }) => facts.files[path] !== undefined)
    .map(({ path, then = "" }) => ({
      host,
      title: `remove ${path}`,
      run: () => host.script(`{\nset -e\nrm -f ${quote(path)}\n${then}\n}\n`),
    }));

/**
 * A script that writes the file beside its place, renames it, and makes it count; without a mode it keeps that which it
 * has. One script, and in braces, so that the shell has the whole of it before it begins: whoever sends it may be killed,
 * but a file that is in place also counts.
 */
export const writeScript = ({ path, content, mode, then = "" }: WantedFile): string => {
  const [made, place] = [quote(`${path}.swarmhub-new`), quote(path)];
  const octal = (mode ?? 0o644).toString(8);
  return `{
set -e
mkdir -p ${quote(posix.dirname(path))}
: >${made}
chmod ${octal} ${made}
${mode === undefined ? `if [ -e ${place} ]; then chmod --reference=${place} ${made}; fi` : ""}
printf %s ${quote(content)} >${made}
mv -f ${made} ${place}
${then}
}
`;
};
