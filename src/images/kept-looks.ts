import { paths } from "../paths.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import type { Look } from "./look.js";

/** The looks that the manager keeps, from its facts. */
export const keptLooks = ({ files }: Facts): Look[] => looksIn(files[paths.imageLooks]);

/** Adds a look to those on the manager; of the others, keeps those of images with these names. */
export const keepLook = async (
  manager: Host,
  look: Look,
  images: ReadonlySet<string>,
): Promise<void> => {
  const text = await manager.script(`cat ${paths.imageLooks} 2>/dev/null || true`, {
    title: `read ${paths.imageLooks}`,
  });
  const others = looksIn(text).filter(({ image }) => image !== look.image && images.has(image));
  await manager.write(paths.imageLooks, looksText([...others, look]));
};

const comment = "What swarmhub found in the images of users' servers; `swarmhub up` writes it.";

const looksText = (looks: readonly Look[]): string =>
  `${JSON.stringify({ comment, looks }, null, 2)}\n`;

const looksIn = (text: string | undefined): Look[] => {
  try {
    return (JSON.parse(text ?? "") as { looks: Look[] }).looks;
  } catch {
    return [];
  }
};
