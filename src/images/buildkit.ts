import { type OutboundProxy, proxyVariables } from "../cluster/outbound.js";
import { CommandError, UserError, exitCode } from "../errors.js";
import type { Host } from "../host/host.js";
import type { BuildContext } from "../operator/build-folder.js";
import type { RegistryLogin } from "../operator/registry-logins.js";
import { paths } from "../paths.js";
import { quote, quoteAll } from "../text/shell.js";
import type { Progress } from "../wait.js";
import { buildScript } from "./buildkit-script.js";

/** The builder of a machine: BuildKit as the plugin buildx or inside an old docker command, or the Engine's older one. */
export type Builder = "buildx" | "built-in" | "classic";

/** Asks a machine for its best builder; one without Docker has the older one. Remembered by the host. */
export const builderOn = (host: Host): Promise<Builder> =>
  host.remember("builder", async () =>
    builderFrom(await host.script(askScript, { title: "ask for its builder" })),
  );

// As in a build, without the settings of root. buildx makes the folder and writes an ID into it, so it is a temporary one.
const askScript = `DOCKER_CONFIG=$(mktemp -d) || exit
export DOCKER_CONFIG
trap 'rm -rf "$DOCKER_CONFIG"' EXIT
docker buildx version 2>/dev/null
docker --version 2>/dev/null
exit 0`;

const builderFrom = (output: string): Builder => {
  const [major, minor = 0] = numbersIn(/\bbuildx v?(\d+)\.(\d+)/, output);
  // Those of before 0.10 do not have --provenance; one that was built without a version number says 0.0.
  if (major !== undefined && (major > 0 || minor === 0 || minor >= 10)) return "buildx";
  const [engine] = numbersIn(/^Docker version (\d+)\./m, output);
  // Debian 12 has 20.10 and no buildx. Since 23 the docker command has no BuildKit of its own.
  return engine !== undefined && engine >= 19 && engine < 23 ? "built-in" : "classic";
};

const numbersIn = (pattern: RegExp, text: string): number[] =>
  (pattern.exec(text)?.slice(1) ?? []).map(Number);

/** The error of a Dockerfile that a machine cannot build: its first line that needs BuildKit, and how to install it. */
export const lacksBuildKit = async (
  host: Host,
  folder: string,
  { buildKit }: BuildContext,
): Promise<UserError | undefined> => {
  if (buildKit === undefined || (await builderOn(host)) !== "classic") return undefined;
  const { packages } = await host.facts();
  const name = packages["docker-ce"] === undefined ? "docker-buildx" : "docker-buildx-plugin";
  return new UserError(
    `${folder}/Dockerfile, line ${buildKit.line}: ${buildKit.what} needs BuildKit, which this machine does not have`,
    {
      host: host.name,
      hint: `on ${host.name}: \`sudo apt-get install ${name}\`; or write the line without it`,
      code: exitCode.preflight,
    },
  );
};

/** What BuildKit builds, and how. */
type BuildKitOptions = {
  builder: Exclude<Builder, "classic">;
  tag: string;
  labels: Record<string, string>;
  logins: readonly RegistryLogin[];
  proxy?: OutboundProxy | undefined;
  progress: Progress;
  /** Stops the build on the machine. */
  signal?: AbortSignal | undefined;
  /** The build ends when it prints nothing for so long; milliseconds. */
  idleMs?: number;
  /** A folder on the machine for its files; it is removed. */
  folder?: string;
};

// conda prints nothing while it looks for versions that fit, for many minutes on a small machine.
const idleDeadline = 30 * 60_000;

/**
 * Builds an image with the docker command of a machine. The build also ends on the machine when the connection is lost. Throws
 * UserError with the last 20 lines, or one with the code `interrupted` if it was stopped.
 */
export const buildWithBuildKit = async (
  host: Host,
  context: Buffer,
  {
    builder,
    tag,
    labels,
    logins,
    proxy,
    progress,
    signal,
    idleMs = idleDeadline,
    folder = paths.build,
  }: BuildKitOptions,
): Promise<void> => {
  const silent = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const last: string[] = [];
  const onLine = (line: string): void => {
    timer?.refresh();
    const [, step, all] = /^#\d+ \[(?:[^\]]* )?(\d+)\/(\d+)\] /.exec(line) ?? [];
    if (step !== undefined) progress(`instruction ${step} of ${all}`);
    if (line.trim() !== "") last.push(line);
    last.splice(0, last.length - 20);
  };
  const remove = `rm -rf ${quote(folder)}`;
  try {
    await host.run([
      "sh",
      "-c",
      `${remove} && install -d -m 700 ${quoteAll([folder, `${folder}/docker`])}`,
    ]);
    if (logins.length > 0 || proxy !== undefined)
      await host.write(`${folder}/docker/config.json`, dockerConfiguration(logins, proxy), 0o600);
    await host.write(`${folder}/context`, context, 0o600);
    signal?.throwIfAborted();
    timer = setTimeout(() => silent.abort(), idleMs);
    await host.script(buildScript({ folder, builder, tag, labels }), {
      title: "",
      stop: AbortSignal.any([silent.signal, ...(signal === undefined ? [] : [signal])]),
      onLine,
    });
  } catch (error) {
    if (signal?.aborted === true) throw stopped(host);
    if (!(error instanceof CommandError)) throw error;
    const reason = silent.signal.aborted
      ? `no output for ${idleMs / 1000} s`
      : reasonIn(last, error.output.code);
    throw new UserError([`cannot build ${tag}: ${reason}`, ...last].join("\n  "), {
      hint: /unknown (instruction|flag)/.test(reason) ? newerSyntax : undefined,
    });
  } finally {
    clearTimeout(timer);
    // The script removes it too, where the connection is lost.
    await host.run(["sh", "-c", remove]).catch(() => undefined);
  }
};

/** The error of a build that Ctrl-C stopped. */
export const stopped = (host: Host): UserError =>
  new UserError("stopped", { host: host.name, code: exitCode.interrupted });

/** The docker command gives the proxy of this file to each build, so it is in no argument (docs.docker.com/engine/cli/proxy). */
const dockerConfiguration = (
  logins: readonly RegistryLogin[],
  proxy: OutboundProxy | undefined,
): string =>
  JSON.stringify({
    ...(proxy !== undefined && {
      proxies: {
        default: {
          httpProxy: proxy.http,
          httpsProxy: proxy.https,
          noProxy: proxyVariables(proxy)["NO_PROXY"],
        },
      },
    }),
    auths: Object.fromEntries(
      logins.map(({ username, password, serveraddress }) => [
        serveraddress,
        { auth: Buffer.from(`${username}:${password}`).toString("base64") },
      ]),
    ),
  });

/** The command's last word: "ERROR: failed to solve: …", without the first word from old ones. */
const reasonIn = (lines: readonly string[], code: number): string =>
  (lines.findLast((line) => line.startsWith("ERROR: ")) ?? lines.at(-1))?.replace(/^ERROR: /, "") ??
  `exit code ${code}`;

// The Engine's own BuildKit is as old as the Engine: that of Debian 12 has no heredocs.
const newerSyntax =
  "if the line is right, this machine's BuildKit is too old for it: write `# syntax=docker/dockerfile:1` as the first line of the Dockerfile, and a newer one is fetched";
