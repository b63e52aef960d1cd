import { posix } from "node:path";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { quote } from "../../text/shell.js";

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

/** The step that makes a folder of root's in the folder of what must be remembered; `what` names what it holds. */
export const folderSteps = (host: Host, facts: Facts, path: string, what: string): Step[] =>
  isThere(facts, path)
    ? []
    : [
        {
          host,
          title: `make the folder of ${what}`,
          run: () => host.run(["install", "-d", "-m", "700", path]),
        },
      ];

/** The step that removes it with all that it holds. */
export const removeFolderSteps = (host: Host, facts: Facts, path: string, what: string): Step[] =>
  isThere(facts, path)
    ? [{ host, title: `remove ${what}`, run: () => host.run(["rm", "-rf", path]) }]
    : [];

const isThere = ({ state }: Facts, path: string): boolean =>
  posix.dirname(path) === paths.state && state.includes(posix.basename(path));
