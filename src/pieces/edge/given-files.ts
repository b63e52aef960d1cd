import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { givenNames, paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import type { GivenFile, GivenFiles } from "../../tls/given-files.js";
import { writeScript } from "../shared/files.js";

/**
 * Makes the running edge read its settings and files again, which drops no connection; does nothing where none runs. It is a line of
 * the script that writes them: a run that is killed then leaves no file in place that the edge does not know of.
 */
export const reloadEdge =
  "docker ps -q --no-trunc --filter label=com.docker.swarm.service.name=edge 2>/dev/null | xargs -r docker kill --signal HUP >/dev/null";

/** The step that copies the operator's new and changed files to the edge, all at once: a key and its certificate belong together. */
export const copyGivenSteps = (
  host: Host,
  { givenHashes }: Facts,
  { files }: GivenFiles,
): Step[] => {
  const changed = files.filter(({ name, hash }) => givenHashes[name] !== hash);
  if (changed.length === 0) return [];
  return [
    {
      host,
      title: `copy ${changed.map(({ name }) => name).join(" and ")} to the edge`,
      detail: changed.map(({ name, hash }) => changeText(givenHashes[name], hash)).join(", "),
      run: () =>
        host.script(`{\nset -e\n${changed.map(copyScript).join("\n")}\n${reloadEdge}\n}\n`),
    },
  ];
};

/** The step that removes the operator's files that the edge no longer needs. */
export const removeGivenSteps = (
  host: Host,
  { givenHashes }: Facts,
  { files }: GivenFiles,
): Step[] => {
  const unused = givenNames.filter(
    (name) => givenHashes[name] !== undefined && !files.some((file) => file.name === name),
  );
  if (unused.length === 0) return [];
  return [
    {
      host,
      title: `remove ${unused.join(" and ")} from the edge`,
      // With the edge's copy of the last good own certificate.
      run: () =>
        host.run([
          "rm",
          "-f",
          ...[...unused, "own.pem"].map((name) => `${paths.certificates}/${name}`),
        ]),
    },
  ];
};

const copyScript = ({ name, content, mode }: GivenFile): string =>
  writeScript({ path: `${paths.certificates}/${name}`, content, mode });

const changeText = (before: string | undefined, after: string): string =>
  before === undefined
    ? `SHA-256 ${after.slice(0, 8)}…`
    : `SHA-256 ${before.slice(0, 8)}… → ${after.slice(0, 8)}…`;
