import { ifExists } from "../docker/client.js";
import { UserError } from "../errors.js";
import { labels } from "../names.js";
import type { Piece, Step } from "../reconcile/piece.js";
import { createInSwarm } from "../swarm/retry.js";
import { formatSize, plural } from "../text/format.js";
import { type ServerFiles, type StoredFile, inspectServerFiles } from "./shared/server-files.js";
import type { Host } from "../host/host.js";

/** Stores the files that every user's server has as Swarm configs, which Swarm copies to the machine of each server. */
export const files: Piece<ServerFiles> = {
  name: "files",
  inspect: inspectServerFiles,
  plan: (want, { wanted, stored }, { manager }) => {
    if (wanted instanceof UserError) throw wanted;
    const byName = new Map(wanted.map((file) => [file.name, file]));
    const missing = [...byName.values()].filter(
      ({ name }) => !stored.some((other) => other.name === name),
    );
    const unused = stored.filter(({ name, isUsed }) => !byName.has(name) && !isUsed);
    return [
      ...missing.map(({ name, path, content }): Step => ({
        host: manager,
        title: `store the file ${path} of users' servers`,
        detail: `${name}, ${formatSize(content.length)}`,
        run: () =>
          createInSwarm(() =>
            manager.docker.createConfig({
              Name: name,
              Labels: { [labels.class]: want.name },
              Data: content.toString("base64"),
            }),
          ),
      })),
      ...removal(manager, unused),
    ];
  },
  remove: ({ stored }, { manager }) => removal(manager, stored),
};

const removal = (manager: Host, stored: readonly StoredFile[]): Step[] =>
  stored.length === 0
    ? []
    : [
        {
          host: manager,
          title: `remove ${plural(stored.length, "file")} of users' servers`,
          detail: stored.map(({ name }) => name).join(", "),
          run: async () => {
            for (const { id } of stored) await ifExists(manager.docker.getConfig(id).remove());
          },
        },
      ];
