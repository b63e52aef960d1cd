import type { Cluster } from "../../cluster/cluster.js";
import { imagesOf } from "../../config/types.js";
import { keptLooks } from "../../images/kept-looks.js";
import type { Look } from "../../images/look.js";
import type { Terminal } from "../../report/terminal.js";
import { jsonText } from "../../text/format.js";
import { type ClassOptions, withCluster } from "../shared/session.js";

/** Shows each image of users' servers: what it has, and what `up` found in it, a line each with what to write. */
export const imagesLooks = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withCluster(options, terminal, async (cluster) =>
    terminal.print(await looksText(cluster, options.json)),
  );

/** The same as a text. */
export const looksText = async ({ config, manager }: Cluster, json: boolean): Promise<string> => {
  const looks = keptLooks(await manager.facts());
  const images = imagesOf(config).map(({ image }) => ({
    image,
    look: looks.find((look) => look.image === image),
  }));
  if (json) return jsonText(images.map(jsonOf));
  return images
    .map(({ image, look }) => [image, ...linesOf(look).map((line) => `  ${line}`)].join("\n"))
    .join("\n");
};

const jsonOf = ({ image, look }: { image: string; look: Look | undefined }) => ({
  image,
  tried: look !== undefined,
  ...(look !== undefined && {
    home: look.home,
    packages: look.packages,
    kernels: look.kernels,
    findings: look.findings,
  }),
});

const linesOf = (look: Look | undefined): string[] => {
  if (look === undefined) return ["not tried yet; type `swarmhub up`"];
  const packages = Object.entries(look.packages).map(([name, version]) => `${name} ${version}`);
  return [
    ...(packages.length > 0 ? [`has ${packages.join(", ")}`] : []),
    ...(look.kernels.length > 0 ? [`kernels: ${look.kernels.join(", ")}`] : []),
    `home: ${look.home}`,
    ...look.findings.map((finding) => `! ${finding}`),
  ];
};
