import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { givenNames, paths } from "../../paths.js";
import type { Step } from "../../reconcile/piece.js";
import type { Given, GivenFile } from "../../tls/given-files.js";
import { writeScript } from "../shared/files.js";

/**
 * Has the running edge look at its settings and files again, which drops no connection; nothing where none runs. A line of
 * the script that writes them: whoever sends that may be killed, but what is in place is also known.
 */
export const tellEdge =
  "docker ps -q --no-trunc --filter label=com.docker.swarm.service.name=edge 2>/dev/null | xargs -r docker kill --signal HUP >/dev/null";

/** The step that gives the edge what is new of the operator's files, all at once: a key and its certificate belong together. */
export const giveSteps = (host: Host, { givenHashes }: Facts, { files }: Given): Step[] => {
  const fresh = files.filter(({ name, hash }) => givenHashes[name] !== hash);
  if (fresh.length === 0) return [];
  return [
    {
      host,
      title: `give the edge ${fresh.map(({ name }) => name).join(" and ")}`,
      detail: fresh.map(({ name, hash }) => changeText(givenHashes[name], hash)).join(", "),
      run: () => host.script(`{\nset -e\n${fresh.map(writing).join("\n")}\n${tellEdge}\n}\n`),
    },
  ];
};

/** The step that takes from the edge what it was given and no longer needs. */
export const takeBackSteps = (host: Host, { givenHashes }: Facts, { files }: Given): Step[] => {
  const old = givenNames.filter(
    (name) => givenHashes[name] !== undefined && !files.some((file) => file.name === name),
  );
  if (old.length === 0) return [];
  return [
    {
      host,
      title: `take ${old.join(" and ")} back from the edge`,
      // With the copy that the edge keeps of an own pair.
      run: () =>
        host.run([
          "rm",
          "-f",
          ...[...old, "own.pem"].map((name) => `${paths.certificates}/${name}`),
        ]),
    },
  ];
};

const writing = ({ name, content, mode }: GivenFile): string =>
  writeScript({ path: `${paths.certificates}/${name}`, content, mode });

const changeText = (before: string | undefined, after: string): string =>
  before === undefined
    ? `SHA-256 ${after.slice(0, 8)}…`
    : `SHA-256 ${before.slice(0, 8)}… → ${after.slice(0, 8)}…`;
