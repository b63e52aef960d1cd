import { readFile } from "node:fs/promises";
import ssh2, { type AnyAuthMethod, type BaseAgent, type ParsedKey } from "ssh2";
import type { SshConfig } from "./config.js";

/** The keys to log in with, in order; and their names, for the error when all are rejected. */
export type Credentials = {
  methods: AnyAuthMethod[];
  /** "/home/ada/.ssh/id_ed25519", "3 of the agent's keys" */
  tried: string[];
  /** Key files that have a passphrase and are not in the agent. */
  locked: string[];
};

/** Gathers the keys of the agent and the key files. As in OpenSSH the agent's come first, and of these the keys named as files. */
export const credentialsOf = async (config: SshConfig): Promise<Credentials> => {
  const files = await Promise.all(config.identityFiles.map(readKey));
  const agentKeys = config.agent === undefined ? [] : await keysOf(config.agent);
  const named = new Set(files.flatMap((file) => file.publicKey ?? []));
  const isNamed = (key: ParsedKey) => named.has(publicPart(key));
  const offered = [
    ...agentKeys.filter(isNamed),
    ...(config.identitiesOnly ? [] : agentKeys.filter((key) => !isNamed(key))),
  ];
  const inAgent = new Set(offered.map(publicPart));
  const opened = files.filter((file) => file.key && !inAgent.has(file.publicKey ?? ""));

  const methods: AnyAuthMethod[] = [];
  if (config.agent !== undefined && offered.length > 0)
    methods.push({
      type: "agent",
      username: config.user,
      agent: agentWith(config.agent, offered),
    });
  for (const { key } of opened)
    if (key) methods.push({ type: "publickey", username: config.user, key });
  return {
    methods,
    tried: [
      ...(offered.length > 0 ? [`${offered.length} of the agent's keys`] : []),
      ...opened.map((file) => file.path),
    ],
    locked: files
      .filter((file) => file.isLocked && !inAgent.has(file.publicKey ?? ""))
      .map((file) => file.path),
  };
};

type KeyFile = { path: string; key?: ParsedKey; publicKey?: string; isLocked: boolean };

const readKey = async (path: string): Promise<KeyFile> => {
  const [secret, publicFile] = await Promise.all([readIfExists(path), readIfExists(`${path}.pub`)]);
  const publicKey = publicFile?.toString("latin1").split(/\s+/)[1];
  const seen = publicKey === undefined ? {} : { publicKey };
  if (secret === undefined) return { path, ...seen, isLocked: false };
  const parsed = ssh2.utils.parseKey(secret);
  if (parsed instanceof Error)
    return { path, ...seen, isLocked: /encrypted/i.test(parsed.message) };
  if (!parsed.isPrivateKey()) return { path, ...seen, isLocked: false };
  return { path, key: parsed, publicKey: publicPart(parsed), isLocked: false };
};

const publicPart = (key: ParsedKey): string => key.getPublicSSH().toString("base64");

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

const readIfExists = async (path: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(path);
  } catch {
    return undefined;
  }
};
