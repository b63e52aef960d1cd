import type { Cluster } from "../cluster/cluster.js";
import { type BuildSource, imagesOf } from "../config/types.js";
import { UserError } from "../errors.js";
import type { Facts } from "../host/facts.js";
import type { Host } from "../host/host.js";
import { lacksBuildKit } from "../images/buildkit.js";
import { madeText } from "../images/built.js";
import { keptLooks } from "../images/kept-looks.js";
import { localImage } from "../images/pulled.js";
import { readBuild } from "../operator/build-folder.js";
import { type RegistryLogin, loginFor } from "../operator/registry-logins.js";
import { formatSize } from "../text/format.js";
import { type Check, type Finding, type OperatorMachine, withTimeout } from "./check.js";
import { type Answer, askForImage } from "./image/registry.js";

/** The images of users' servers are on the machines or in their registries; a registry that does not answer is only noted. */
export const imageCheck: Check = {
  name: "image",
  run: async ({ cluster, machines, operator }) => {
    const found = await Promise.all(
      imagesOf(cluster.config).map(({ image: reference, build }) =>
        build === undefined
          ? pullFinding(reference, cluster, operator)
          : buildFinding(build, cluster.manager),
      ),
    );
    return [...found, ...trialFindings(cluster, machines(cluster.manager).facts)];
  },
};

/** What the last `up` found in the images, as warnings: "what is wrong; what to write". */
const trialFindings = ({ config }: Cluster, facts: Facts): Finding[] => {
  const images = new Set(imagesOf(config).map(({ image }) => image));
  return keptLooks(facts)
    .filter(({ image }) => images.has(image))
    .flatMap(({ image, findings }) =>
      findings.map((finding) => {
        const [text = "", ...hint] = finding.split("; ");
        return { level: "warning", text: `${image}: ${text}`, hint: hint.join("; ") };
      }),
    );
};

const buildFinding = async (build: BuildSource, manager: Host): Promise<Finding> => {
  const from = await readBuild(build);
  if (from instanceof UserError) return errorFinding(from);
  const { units } = await manager.facts();
  // `up` installs BuildKit with Docker where the distribution has it.
  const refusal =
    units["docker.service"] === "active"
      ? await lacksBuildKit(manager, build.folder, from)
      : undefined;
  if (refusal !== undefined) return { ...errorFinding(refusal), text: refusal.reason };
  const content = `${from.files} files and folders, ${formatSize(from.bytes)}${madeText(from)}`;
  return { level: "ok", text: `${build.folder} will be built on the manager: ${content}` };
};

const errorFinding = ({ message, hint }: UserError): Finding => ({
  level: "error",
  text: message,
  ...(hint !== undefined && { hint }),
});

const pullFinding = async (
  reference: string,
  cluster: Cluster,
  operator: OperatorMachine,
): Promise<Finding> => {
  const { registryMirrors } = cluster.config.engine;
  const local = await Promise.all(cluster.seatHosts.map((host) => localImage(host, reference)));
  if (local.length > 0 && local.every((image) => image !== undefined))
    return { level: "ok", text: `${reference} is on every machine that takes users` };
  const login = await loginFor(cluster.config, reference);
  const answer =
    (await askThroughDocker(cluster.manager, reference, login)) ??
    (await askForImage(reference, registryMirrors, operator.fetch, login));
  const findings: Record<typeof answer.kind, Finding> = {
    found: { level: "ok", text: `${reference} is available from ${answer.registry}` },
    unknown: {
      level: "note",
      text: `${reference} could not be checked: ${answer.registry} gave no clear answer (${answer.message})`,
    },
    refused: {
      level: "error",
      text: `${reference} cannot be pulled: ${answer.registry} answers ${answer.message}`,
      hint:
        login === undefined
          ? "correct the name and tag in `servers: image`; the image must be public, or its registry in `registries`"
          : `correct the name and tag in \`servers: image\`, or user and password in \`registries\`; ${login.username} must be allowed to read the image`,
    },
  };
  return findings[answer.kind];
};

const timeout = 10_000;
// milliseconds

/** The registry's answer to a machine's Docker, with its mirrors and authorities; undefined without Docker or a clear answer. */
const askThroughDocker = async (
  host: Host,
  image: string,
  login: RegistryLogin | undefined,
): Promise<Answer | undefined> => {
  const { units } = await host.facts();
  if (units["docker.service"] !== "active") return undefined;
  const answer = host.docker
    .getImage(image)
    .distribution(login === undefined ? undefined : { authconfig: login })
    .then((): Answer => ({ kind: "found", registry: "its registry", message: "" }), refusedBy);
  return withTimeout(timeout, answer);
};

// Docker answers 500 both for a registry's refusal and for an unreachable registry, so the message decides.
const refusalPattern =
  /manifest unknown|name unknown|: not found|denied: |unauthorized|authentication required|no basic auth/i;

const refusedBy = (error: Error & { json?: { message?: string } }): Answer | undefined => {
  const message = error.json?.message ?? error.message;
  return refusalPattern.test(message)
    ? { kind: "refused", registry: "its registry", message }
    : undefined;
};
