import type { ServerHostKeyAlgorithm } from "ssh2";
import { UnreachableError } from "../../errors.js";
import { createLimiter } from "../limiter.js";
import type { SshConfig } from "./config.js";
import {
  type KnownHost,
  type Verdict,
  addKnownHost,
  fingerprint,
  judge,
  readKnownHosts,
  typeOf,
} from "./known-hosts.js";

/** What to do with the key of a machine that is not known yet. */
export type HostKeyPolicy = {
  acceptNewHostKeys: boolean;
  askHostKey?: (host: string, fingerprint: string) => Promise<boolean>;
};

/** The lines of known_hosts that speak of this machine. */
export const knownHostsOf = ({
  userKnownHosts,
  globalKnownHosts,
  hostKeyName,
}: SshConfig): Promise<KnownHost[]> =>
  readKnownHosts([...userKnownHosts, ...globalKnownHosts], hostKeyName);

/** Verifies the key a machine shows, noting a new one that is accepted. Throws UnreachableError, saying what to type. */
export const verifyHostKey = async (
  host: string,
  config: SshConfig,
  key: Buffer,
  policy: HostKeyPolicy,
): Promise<void> => {
  const look = async () => judge(await knownHostsOf(config), key);
  if ((await look()).kind === "known") return;
  await oneByOne(async () => {
    // Another connection may have been asked about the same machine, a jump host, in the meantime.
    const verdict = await look();
    if (verdict.kind === "known") return;
    const shown = `${typeOf(key)} ${fingerprint(key)}`;
    const isNew = verdict.kind === "unknown" || verdict.kind === "authority";
    if (!isNew || !(await isAccepted(host, config, shown, policy)))
      throw refusal(host, config, verdict, shown);
    await note(host, config, key);
  });
};

/** There is one person to ask and one known_hosts file, however many machines we dial at once. */
const oneByOne = createLimiter(1);

const isAccepted = async (
  host: string,
  config: SshConfig,
  shown: string,
  { acceptNewHostKeys, askHostKey }: HostKeyPolicy,
): Promise<boolean> =>
  acceptNewHostKeys || config.acceptsNewKeys || ((await askHostKey?.(host, shown)) ?? false);

const note = async (host: string, config: SshConfig, key: Buffer): Promise<void> => {
  const [file] = config.userKnownHosts;
  if (file === undefined) return;
  try {
    await addKnownHost(file, config.hostKeyName, key, config.hashKnownHosts);
  } catch (error) {
    const why = `its host key cannot be noted: ${(error as Error).message}`;
    throw new UnreachableError(host, why, `ls -l ${file}`);
  }
};

/** Our host key algorithms, those that the machine is known by first, so that it shows a key that we can compare. */
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
  shown: string,
): UnreachableError => {
  switch (verdict.kind) {
    case "changed":
      return new UnreachableError(
        host,
        `its host key is not the one in ${verdict.where}; it shows ${shown}. Either the machine was made anew, or someone is in between`,
        `if it was made anew: ssh-keygen -R '${hostKeyName}' -f ${fileOf(verdict.where)}`,
      );
    case "revoked":
      return new UnreachableError(
        host,
        `its host key ${shown} is marked @revoked in ${verdict.where}`,
      );
    case "authority":
      return new UnreachableError(
        host,
        `its host key ${shown} is vouched for by a certificate authority (${verdict.where}), which is not supported`,
        "compare the fingerprint, then run again with --accept-new-host-keys",
      );
    case "unknown":
      return new UnreachableError(
        host,
        `its host key is not known yet; it shows ${shown}`,
        "compare the fingerprint, then run again with --accept-new-host-keys",
      );
  }
};

const fileOf = (where: string): string => where.slice(0, where.lastIndexOf(":"));
