import type { Cluster } from "../../cluster/cluster.js";
import { type BuildSource, imagesOf } from "../../config/types.js";
import { UserError } from "../../errors.js";
import { keptLooks } from "../../images/kept-looks.js";
import type { Look } from "../../images/look.js";
import { type BuildContext, readBuild } from "../../operator/build-folder.js";
import type { Terminal } from "../../report/terminal.js";
import { jsonText, listed } from "../../text/format.js";
import { type ClassOptions, withCluster } from "../shared/session.js";

/** Shows each image of users' servers: what it has, and what `up` found in it, a line each with what to write. */
export const imagesLooks = (options: ClassOptions, terminal: Terminal): Promise<void> =>
  withCluster(options, terminal, async (cluster) =>
    terminal.print(await looksText(cluster, options.json)),
  );

/** The same as a text. */
export const looksText = async ({ config, manager }: Cluster, json: boolean): Promise<string> => {
  const looks = keptLooks(await manager.facts());
  const images = await Promise.all(
    imagesOf(config).map(async ({ image, build }) => ({
      image,
      look: looks.find((look) => look.image === image),
      made: build === undefined ? undefined : await madeOf(build),
    })),
  );
  if (json) return jsonText(images.map(jsonOf));
  return images
    .map(({ image, look, made }) =>
      [image, ...[...linesOf(look), ...madeLines(made)].map((line) => `  ${line}`)].join("\n"),
    )
    .join("\n");
};

type Made = BuildContext["made"];

const madeOf = async (build: BuildSource): Promise<Made> => {
  const from = await readBuild(build);
  return from instanceof UserError ? undefined : from.made;
};

const madeLines = (made: Made): string[] =>
  made === undefined
    ? []
    : [
        `its Dockerfile is made from ${listed(made.from)}:`,
        ...made.dockerfile
          .trimEnd()
          .split("\n")
          .map((line) => `  ${line}`),
      ];

const jsonOf = ({ image, look, made }: { image: string; look: Look | undefined; made: Made }) => ({
  image,
  ...(made !== undefined && { dockerfile: made.dockerfile }),
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
