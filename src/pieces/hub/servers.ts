import type { HubServers } from "../../../contracts/hub-servers.js";
import type { OutboundProxy } from "../../cluster/outbound.js";
import type { Config } from "../../config/types.js";
import { UserError } from "../../errors.js";
import type { Look } from "../../images/look.js";
import type { UserImage } from "../../images/pulled.js";
import type { ServerFiles } from "../shared/server-files.js";
import { hubGroups } from "./groups.js";

/** What is known of the images, and the files that Swarm has. */
export type Equipment = { looks: readonly Look[]; files: ServerFiles };

/** `servers` of `hub.json`. Throws the UserError of a file that cannot be read. */
export const hubServers = (
  want: Config,
  userImages: readonly Pick<UserImage, "image" | "wanted">[],
  { looks, files }: Equipment,
  proxy?: OutboundProxy,
): HubServers => {
  const { servers } = want;
  if (files.wanted instanceof UserError) throw files.wanted;
  return {
    looks: userImages.flatMap(({ image, wanted }) =>
      looks
        .filter((look) => look.image === image)
        .map(({ home, variables, replacesEntrypoint }) => ({
          image: wanted,
          home,
          variables,
          replacesEntrypoint,
        })),
    ),
    environment: Object.entries(servers.environment).map(([name, value]) => ({ name, value })),
    start: servers.start,
    // A file gets its id before the hub starts, as the piece `files` comes first.
    files: files.wanted.flatMap(({ path, name }) =>
      files.stored
        .filter((stored) => stored.name === name)
        .map(({ id }) => ({ id, name, path })),
    ),
    content: hubContent(servers),
    shared: servers.shared !== undefined,
    gpus: servers.gpus ?? 0,
    proxy: proxy ?? null,
    groups: hubGroups(want),
  };
};

// Without the token, which is a secret of its own.
const hubContent = ({ content }: Config["servers"]): HubServers["content"] =>
  content === undefined
    ? null
    : {
        repository: content.repository,
        branch: content.branch ?? null,
        folder: content.folder,
      };
