import type { ServerHostKeyAlgorithm } from "ssh2";
import { UnreachableError } from "../../errors.js";
import { createLimiter } from "../limiter.js";
import type { SshConfig } from "./config.js";
import { systemHint } from "./errors.js";
import {
  type KnownHost,
  type Verdict,
  addKnownHost,
  fingerprint,
  judge,
  readKnownHosts,
  typeOf,
} from "./known-hosts.js";

/** What to do with the host key of a machine that is not in known_hosts. */
export type HostKeyPolicy = {
  acceptNewHostKeys: boolean;
  askHostKey?: (host: string, fingerprint: string) => Promise<boolean>;
  /** Whether certificates of host keys were compared before, so that this machine has none that is valid. */
  knowsAuthorities?: boolean;
};

/** The lines of known_hosts about this machine. */
export const knownHostsOf = ({
  userKnownHosts,
  globalKnownHosts,
  hostKeyName,
}: SshConfig): Promise<KnownHost[]> =>
  readKnownHosts([...userKnownHosts, ...globalKnownHosts], hostKeyName);

/** Verifies the host key of a machine and saves a new one that is accepted. Throws UnreachableError with a hint. */
export const verifyHostKey = async (
  host: string,
  config: SshConfig,
  key: Buffer,
  policy: HostKeyPolicy,
): Promise<void> => {
  const check = async () => judge(await knownHostsOf(config), key);
  if ((await check()).kind === "known") return;
  await oneByOne(async () => {
    // Meanwhile another connection may have asked about the same machine, as a jump host.
    const verdict = await check();
    if (verdict.kind === "known") return;
    const offered = `${typeOf(key)} ${fingerprint(key)}`;
    const isNew = verdict.kind === "unknown" || verdict.kind === "authority";
    if (!isNew || !(await isAccepted(host, config, offered, policy)))
      throw refusal(host, config, verdict, offered, policy);
    await save(host, config, key);
  });
};

/** There is one operator to ask and one known_hosts file, however many connections are made at once. */
const oneByOne = createLimiter(1);

const isAccepted = async (
  host: string,
  config: SshConfig,
  offered: string,
  { acceptNewHostKeys, askHostKey }: HostKeyPolicy,
): Promise<boolean> =>
  acceptNewHostKeys || config.acceptsNewKeys || ((await askHostKey?.(host, offered)) ?? false);

const save = async (host: string, config: SshConfig, key: Buffer): Promise<void> => {
  const [file] = config.userKnownHosts;
  if (file === undefined) return;
  try {
    await addKnownHost(file, config.hostKeyName, key, config.hashKnownHosts);
  } catch (error) {
    const reason = `cannot save its host key: ${(error as Error).message}`;
    throw new UnreachableError(host, reason, `ls -l ${file}`);
  }
};

/** Our host key algorithms, those in known_hosts first, so that the machine offers a key that can be compared. */
export const hostKeyAlgorithms = (known: readonly KnownHost[]): ServerHostKeyAlgorithm[] => {
  const types = new Set(known.filter((line) => line.marker === undefined).map((line) => line.type));
  const isKnown = (algorithm: string) =>
    types.has(algorithm.startsWith("rsa-sha2-") ? "ssh-rsa" : algorithm);
  return [
    ...algorithms.filter((algorithm) => isKnown(algorithm)),
    ...algorithms.filter((algorithm) => !isKnown(algorithm)),
  ];
};

const algorithms: ServerHostKeyAlgorithm[] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
];

const refusal = (
  host: string,
  { hostKeyName }: SshConfig,
  verdict: Exclude<Verdict, { kind: "known" }>,
  offered: string,
  { knowsAuthorities = false }: HostKeyPolicy,
): UnreachableError => {
  switch (verdict.kind) {
    case "changed":
      return new UnreachableError(
        host,
        `its host key ${offered} is not the one in ${verdict.where}: the machine was reinstalled, or somebody intercepts the connection`,
        `if it was reinstalled: ssh-keygen -R '${hostKeyName}' -f ${fileOf(verdict.where)}`,
      );
    case "revoked":
      return new UnreachableError(
        host,
        `its host key ${offered} is marked @revoked in ${verdict.where}`,
      );
    case "authority":
      if (knowsAuthorities)
        return new UnreachableError(
          host,
          `its host key ${offered} has no valid certificate of the authority in ${verdict.where}`,
          compareHint,
        );
      return new UnreachableError(
        host,
        `its host key ${offered} is known only through a certificate authority (${verdict.where}), which swarmhub's own SSH does not support`,
        `${systemHint()}; or ${compareHint}`,
      );
    case "unknown":
      return new UnreachableError(host, `unknown host key ${offered}`, compareHint);
  }
};

const compareHint = "compare the fingerprint, then run again with --accept-new-host-keys";

const fileOf = (where: string): string => where.slice(0, where.lastIndexOf(":"));
