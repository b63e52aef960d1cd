import { access } from "node:fs/promises";
import { execa } from "execa";
import ssh2, { type AnyAuthMethod, type BaseAgent, type ParsedKey } from "ssh2";
import type { SshConfig } from "./config.js";
import { type KeyFile, publicPart, readKey, typeOf } from "./key-file.js";

/** The keys to log in with, in order; and their names, for the error when all are rejected. */
export type Credentials = {
  methods: AnyAuthMethod[];
  /** "/home/ada/.ssh/id_ed25519", "3 of the agent's keys" */
  tried: string[];
  /** Key files that have a passphrase and are not in the agent. */
  locked: string[];
  /** Finds the keys that ssh would use and that ssh2 cannot, with the reason: "/home/ada/.ssh/id_sk (a security key)". */
  skipped: () => Promise<string[]>;
};

/**
 * Gathers the keys of the agent and the key files. As in OpenSSH, those of the agent that are named as files come first. The key
 * files come before the agent's other keys, since sshd ends the login after six wrong ones (MaxAuthTries).
 */
export const credentialsOf = async (config: SshConfig): Promise<Credentials> => {
  const files = await Promise.all(config.identityFiles.map(readKey));
  const agentKeys = config.agent === undefined ? [] : await keysOf(config.agent);
  const named = new Set(files.flatMap((file) => file.publicKey ?? []));
  const isNamed = (key: ParsedKey) => named.has(publicPart(key));
  const first = agentKeys.filter(isNamed);
  const others = config.identitiesOnly ? [] : agentKeys.filter((key) => !isNamed(key));
  const offered = [...first, ...others];
  const inAgent = new Set(offered.map(publicPart));
  const opened = files.filter((file) => file.key && !inAgent.has(file.publicKey ?? ""));

  const { agent, user: username } = config;
  const fromAgent = (keys: ParsedKey[]): AnyAuthMethod[] =>
    agent === undefined || keys.length === 0
      ? []
      : [{ type: "agent", username, agent: agentWith(agent, keys) }];
  const methods: AnyAuthMethod[] = [
    ...fromAgent(first),
    ...opened.flatMap(({ key }): AnyAuthMethod[] =>
      key === undefined ? [] : [{ type: "publickey", username, key }],
    ),
    ...fromAgent(others),
  ];
  return {
    methods,
    tried: [
      ...opened.map((file) => file.path),
      ...(offered.length > 0 ? [`${offered.length} of the agent's keys`] : []),
    ],
    locked: files
      .filter((file) => file.isLocked && !inAgent.has(file.publicKey ?? ""))
      .map((file) => file.path),
    skipped: () => skippedKeys(config, files),
  };
};

const skippedKeys = async (config: SshConfig, files: readonly KeyFile[]): Promise<string[]> => {
  const certificates = [
    ...config.certificateFiles,
    ...config.identityFiles.map((path) => `${path.replace(/\.pub$/, "")}-cert.pub`),
  ];
  const present = await Promise.all(certificates.map(exists));
  return [
    ...files.flatMap(({ path, publicKey = "" }) => {
      const reason = unusable(typeOf(publicKey));
      return reason === undefined ? [] : [`${path} (${reason})`];
    }),
    ...[...new Set(certificates.filter((_, index) => present[index]))].map(
      (path) => `${path} (a certificate)`,
    ),
    ...(await skippedOfAgent(config)),
    ...(config.cardLibrary === undefined ? [] : [`the keys of ${config.cardLibrary} (a card)`]),
    ...(config.usesGssapi && (await hasTicket()) ? ["a Kerberos ticket (GSSAPI)"] : []),
  ];
};

/** Whether there is a Kerberos ticket; what `klist` looks for first, without needing it. */
const hasTicket = async (): Promise<boolean> =>
  process.env["KRB5CCNAME"] !== undefined || exists(`/tmp/krb5cc_${process.getuid?.() ?? ""}`);

/** ssh2 leaves out the agent's keys that it cannot use, so OpenSSH lists them. */
const skippedOfAgent = async ({ agent }: SshConfig): Promise<string[]> => {
  if (agent === undefined) return [];
  const { stdout } = await execa("ssh-add", ["-L"], {
    env: { SSH_AUTH_SOCK: agent },
    reject: false,
    stdin: "ignore",
    timeout: 10_000,
  });
  const reasons = (stdout ?? "")
    .split("\n")
    .flatMap((line) => unusable(line.split(" ")[0] ?? "") ?? []);
  return [...new Set(reasons)].map(
    (reason) =>
      `${reasons.filter((each) => each === reason).length} of the agent's keys (${reason})`,
  );
};

const unusable = (type: string): string | undefined => {
  if (type.endsWith("-cert-v01@openssh.com")) return "a certificate";
  return type.startsWith("sk-") ? "a security key" : undefined;
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The keys in an agent; none where it does not answer. */
const keysOf = (agent: string): Promise<ParsedKey[]> =>
  new Promise((resolve) => {
    ssh2.createAgent(agent).getIdentities((error, keys) => {
      resolve(error ? [] : ((keys ?? []) as ParsedKey[]));
    });
  });

/** The agent at that socket, offering only these keys: sshd closes the connection after six wrong ones. */
const agentWith = (socket: string, keys: ParsedKey[]): BaseAgent => {
  const agent = ssh2.createAgent(socket);
  agent.getIdentities = (done) => done(undefined, keys);
  return agent;
};
