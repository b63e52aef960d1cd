import { posix } from "node:path";
import type { Facts } from "../../facts.js";
import type { Host } from "../../host.js";
import { paths } from "../../paths.js";
import type { Step } from "../../step.js";

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
