import type { ImageInspectInfo } from "dockerode";
import type { Bytes } from "../config/types.js";
import { UserError } from "../errors.js";
import type { Host } from "../host/host.js";
import { printable } from "../text/format.js";
import { lookScripts } from "./look-script.js";

/** What a trial of an image on a machine found; kept by its id. */
export type Look = {
  id: string;
  /** The name that is configured, for people. */
  image: string;
  home: string;
  /** The names of the variables that it sets itself. */
  variables: string[];
  replacesEntrypoint: boolean;
  /** Packages of the server with their versions, and the kernels. */
  packages: Record<string, string>;
  kernels: string[];
  /** What a class should know of it, each with what to write. */
  findings: string[];
};

/** The home of images in which no user has the id 1000. */
const defaultHome = "/home/jovyan";

/** Tries an image on a machine that has it, with the memory of a server. Throws a UserError for one that no server can start from. */
export const lookAt = async (
  host: Host,
  image: string,
  info: ImageInspectInfo,
  memory: Bytes,
): Promise<Look> => {
  const name = `swarmhub-look-${info.Id.replace(/^sha256:/, "").slice(0, 12)}`;
  const title = `try ${image}`;
  const scripts = lookScripts(info.Id, name, memory);
  const bare = linesOf(await host.script(scripts.bare, { title }));
  const home = homeIn(bare) ?? defaultHome;
  const started = linesOf(await host.script(scripts.asServer(home), { title }));
  refuseUnfit(host, image, [...bare, ...started]);
  const { Config: config } = info;
  const entrypoint = [config.Entrypoint ?? []].flat();
  const look = {
    id: info.Id,
    image,
    home,
    variables: (config.Env ?? []).flatMap((line) => /^([A-Za-z_]\w*)=/.exec(line)?.[1] ?? []),
    replacesEntrypoint: entrypoint[0] === "/init",
    packages: objectIn(started, "packages"),
    kernels: listIn(started, "kernels"),
  };
  const volumes = Object.keys(config.Volumes ?? {});
  return { ...look, findings: findingsOf(look, bare, started, volumes) };
};

const linesOf = (output: string): string[] => output.split("\n").map((line) => line.trimEnd());

const after = (lines: readonly string[], word: string): string[] =>
  lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

/** The home of user 1000; undefined if there is none, or it is no folder that can be mounted over. */
const homeIn = (bare: readonly string[]): string | undefined => {
  const home = after(bare, "user")[0]?.split(":")[5] ?? "";
  return /^(\/[\w.@+-]+){2,}$/.test(home) && !/\/\.+(\/|$)/.test(home) ? home : undefined;
};

const refuseUnfit = (host: Host, image: string, lines: readonly string[]): void => {
  const text = lines.join("\n");
  const refuse = (why: string, hint: string): UserError =>
    new UserError(`${image} ${why}`, { host: host.name, hint });
  if (/exec format error/i.test(text))
    throw refuse(
      "is made for another type of processor than this machine's",
      "use an image for this processor, or machines with another one",
    );
  if (/exec: "?sh"?: executable file not found/.test(text))
    throw refuse("has no shell, so it is no notebook image", "use another image");
  if (lines.includes("started") && after(lines, "server").length === 0)
    throw refuse(
      "has no jupyterhub-singleuser, which runs the server of each user",
      'write into its Dockerfile: RUN pip install "jupyterhub==6.*" jupyterlab',
    );
};

const objectIn = (lines: readonly string[], word: string): Record<string, string> => {
  const value = jsonIn(lines, word);
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([name, version]) => [name, short(String(version))]),
      )
    : {};
};

const listIn = (lines: readonly string[], word: string): string[] => {
  const value = jsonIn(lines, word);
  return Array.isArray(value) ? value.slice(0, 50).map((each: unknown) => short(String(each))) : [];
};

const jsonIn = (lines: readonly string[], word: string): unknown => {
  try {
    return JSON.parse(after(lines, word)[0] ?? "null") as unknown;
  } catch {
    return null;
  }
};

/** Text of the image for a terminal. */
const short = (text: string): string => printable(text).slice(0, 80);

const findingsOf = (
  look: Omit<Look, "findings">,
  bare: readonly string[],
  started: readonly string[],
  volumes: readonly string[],
): string[] => {
  const { packages, home, replacesEntrypoint } = look;
  const hasStarted = started.includes("started");
  const lastLine = short(started.findLast((line) => line !== "") ?? "no output");
  const kernels = after(bare, "kernel").map((path) => short(path.split("/").at(-2) ?? ""));
  const files = after(bare, "entry").filter((entry) => !stockEntries.has(entry));
  const hub = packages["jupyterhub"];
  const isKnown = Object.keys(packages).length > 0;
  return [
    ...(after(bare, "user").length === 0
      ? [
          "it has no user 1000, so git, ssh and whoami fail in it; write into its Dockerfile: RUN useradd --create-home --uid 1000 --gid 100 jovyan",
        ]
      : []),
    ...(replacesEntrypoint
      ? [
          "its entrypoint /init needs root and does not run; what it starts has to be started by the server",
        ]
      : []),
    ...(hasStarted || replacesEntrypoint
      ? []
      : [
          `its entrypoint does not run as an ordinary user (${lastLine}); remove ENTRYPOINT from its Dockerfile, or what needs root from the script`,
        ]),
    ...(hub !== undefined && Number.parseInt(hub) < 5
      ? [
          `its jupyterhub ${hub} is older than the hub's; write into its Dockerfile: RUN pip install "jupyterhub==6.*"`,
        ]
      : []),
    ...(isKnown && packages["jupyterlab"] === undefined
      ? [
          "it has no JupyterLab; write servers: {start: /tree}, or into its Dockerfile: RUN pip install jupyterlab",
        ]
      : []),
    ...kernels.map(
      (kernel) =>
        `its kernel ${kernel} is in ${home}, where the homes of the users are mounted; install it elsewhere: python -m ipykernel install --prefix=/usr/local --name ${kernel}`,
    ),
    ...(files.length === 0
      ? []
      : [
          `${files.slice(0, 5).map(short).join(", ")}${files.length > 5 ? " and more" : ""} in ${home} cannot be seen, as the homes of the users are mounted there; put such files into a folder and write servers: {skeleton: ./FOLDER}`,
        ]),
    ...volumes.map(
      (volume) =>
        `each start makes a volume for ${short(volume)} that has no limit; remove the line VOLUME from its Dockerfile`,
    ),
  ];
};

// What Debian, Ubuntu, conda, Jupyter and docker-stacks put into each home.
const stockEntries = new Set(
  ".bashrc .bash_logout .bash_profile .profile .cache .conda .condarc .config .gitconfig .ipython .jupyter .keras .local .mamba .npm .npmrc .R .Rprofile .wget-hsts .zshrc work lost+found".split(
    " ",
  ),
);
