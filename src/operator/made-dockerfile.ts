import { defaultImage } from "../config/values/image.js";
import { UserError } from "../errors.js";
import { listed } from "../text/format.js";

/** The files that are enough for an image, in the order in which they are used; repo2docker has the same names. */
export const sourceNames = ["apt.txt", "environment.yml", "requirements.txt", "install.R"] as const;

/** The text of each of these files that a folder has. */
export type Sources = Partial<Record<(typeof sourceNames)[number], string>>;

/** A Dockerfile on the default image for a folder that has none. Throws a UserError about a line of apt.txt. */
export const dockerfileFrom = (sources: Sources): string => {
  const names = sourceNames.filter((name) => sources[name] !== undefined);
  const packages = aptPackages(sources["apt.txt"] ?? "");
  return `${[
    `# Made by swarmhub from ${listed(names)}. To change it, save it in the folder as Dockerfile.`,
    `FROM ${defaultImage}`,
    ...(packages.length === 0 ? [] : aptLines(packages)),
    `COPY --chown=1000:100 . ${folder}/`,
    "USER 1000:100",
    ...(sources["environment.yml"] === undefined
      ? []
      : [`RUN conda env update --name base --file ${folder}/environment.yml && ${clean}`]),
    ...(sources["requirements.txt"] === undefined
      ? []
      : [
          `RUN cd ${folder} && python -m pip install --no-cache-dir --requirement requirements.txt`,
        ]),
    ...(sources["install.R"] === undefined ? [] : rLines(sources["environment.yml"] ?? "")),
  ].join("\n")}\n`;
};

// Not in the home, where the homes of the users are mounted.
const folder = "/opt/image";
const clean = "conda clean --all --yes";

const aptLines = (packages: readonly string[]): string[] => [
  "USER root",
  "RUN apt-get update \\",
  ` && apt-get install --yes --no-install-recommends ${packages.join(" ")} \\`,
  " && rm -rf /var/lib/apt/lists/*",
];

const aptPackages = (text: string): string[] =>
  text.split(/\r?\n/).flatMap((line, index) => {
    const words = line.replace(/#.*$/, "").split(/\s+/).filter(Boolean);
    const wrong = words.find((word) => !/^[a-z0-9][a-z0-9+.-]*(=[\w.+:~-]+)?$/.test(word));
    if (wrong !== undefined)
      throw new UserError(`has ${JSON.stringify(wrong)} in line ${index + 1} of apt.txt`, {
        hint: "write names of Debian packages, for example graphviz, each on a line of its own",
      });
    return words;
  });

// The default image has no R. Without a mirror install.packages asks for one, and fails where nobody answers.
const rLines = (environment: string): string[] => [
  ...(/^\s*-\s*["']?(?:[\w-]+::)?r-base\b/m.test(environment)
    ? []
    : [`RUN conda install --yes r-base r-irkernel && ${clean}`]),
  `RUN cd ${folder} && Rscript -e 'options(repos = "https://cloud.r-project.org")' -e 'source("install.R")'`,
];
