import { posix } from "node:path";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import { quote } from "../../text/shell.js";

/** A file with its exact content, and a shell script that applies it, for example a reload. */
export type WantedFile = { path: string; content: string; mode?: number; then?: string };

/** The steps that write the files whose content differs. */
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

/** The steps that remove files and run a shell script after each. */
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
 * A script that writes a temporary file, renames it, and applies it; without `mode` the file keeps its mode. The braces make
 * the shell read the whole script before it starts, so that a file in place is also applied if the sender is killed.
 */
export const writeScript = ({ path, content, mode, then = "" }: WantedFile): string => {
  const [temporary, target] = [quote(`${path}.swarmhub-new`), quote(path)];
  const octal = (mode ?? 0o644).toString(8);
  return `{
set -e
mkdir -p ${quote(posix.dirname(path))}
: >${temporary}
chmod ${octal} ${temporary}
${mode === undefined ? `if [ -e ${target} ]; then chmod --reference=${target} ${temporary}; fi` : ""}
printf %s ${quote(content)} >${temporary}
mv -f ${temporary} ${target}
${then}
}
`;
};

/**
 * The step that writes the files of a unit that differ and (re)starts it by `start`, in one script: if the run is killed after a file is
 * written, nothing would show that the old program still runs.
 */
export const unitSteps = (
  host: Host,
  facts: Facts,
  files: readonly WantedFile[],
  { title, detail, isActive, start }: UnitStart,
): Step[] => {
  const differing = files.filter(({ path, content }) => facts.files[path] !== content);
  if (differing.length === 0 && isActive) return [];
  const script = ["set -e", ...differing.map(writeScript), start].join("\n");
  return [{ host, title, detail, run: () => host.script(script) }];
};

type UnitStart = { title: string; detail: string; isActive: boolean; start: string };

/** The step that creates a folder of root's in the state folder; `content` describes what it holds. */
export const folderSteps = (host: Host, facts: Facts, path: string, content: string): Step[] =>
  exists(facts, path)
    ? []
    : [
        {
          host,
          title: `create the folder for ${content}`,
          run: () => host.run(["install", "-d", "-m", "700", path]),
        },
      ];

/** The step that removes such a folder with its content. */
export const removeFolderSteps = (
  host: Host,
  facts: Facts,
  path: string,
  content: string,
): Step[] =>
  exists(facts, path)
    ? [{ host, title: `remove ${content}`, run: () => host.run(["rm", "-rf", path]) }]
    : [];

const exists = ({ state }: Facts, path: string): boolean =>
  posix.dirname(path) === paths.state && state.includes(posix.basename(path));
