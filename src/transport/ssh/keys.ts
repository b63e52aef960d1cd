import { readFile } from "node:fs/promises";
import ssh2, { type AnyAuthMethod, type BaseAgent, type ParsedKey } from "ssh2";
import type { SshConfig } from "./config.js";

/** What we can show a machine to be let in, in order; and in words, for the error when none is taken. */
export type Credentials = {
  methods: AnyAuthMethod[];
  /** "~/.ssh/id_ed25519", "3 keys of the agent" */
  tried: string[];
  /** Key files that we cannot open: a passphrase protects them, and the agent does not hold them. */
  locked: string[];
};

/** Gathers the agent's keys and the key files. The agent's come first, those named as files at their head, as OpenSSH has it. */
export const credentialsOf = async (config: SshConfig): Promise<Credentials> => {
  const files = await Promise.all(config.identityFiles.map(readKey));
  const held = config.agent === undefined ? [] : await keysOf(config.agent);
  const named = new Set(files.flatMap((file) => file.publicKey ?? []));
  const isNamed = (key: ParsedKey) => named.has(publicPart(key));
  const offered = [
    ...held.filter(isNamed),
    ...(config.identitiesOnly ? [] : held.filter((key) => !isNamed(key))),
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
  const [secret, shown] = await Promise.all([readIfThere(path), readIfThere(`${path}.pub`)]);
  const publicKey = shown?.toString("latin1").split(/\s+/)[1];
  const seen = publicKey === undefined ? {} : { publicKey };
  if (secret === undefined) return { path, ...seen, isLocked: false };
  const parsed = ssh2.utils.parseKey(secret);
  if (parsed instanceof Error)
    return { path, ...seen, isLocked: /encrypted/i.test(parsed.message) };
  if (!parsed.isPrivateKey()) return { path, ...seen, isLocked: false };
  return { path, key: parsed, publicKey: publicPart(parsed), isLocked: false };
};

const publicPart = (key: ParsedKey): string => key.getPublicSSH().toString("base64");

/** The keys an agent holds; none where it does not answer. */
const keysOf = (agent: string): Promise<ParsedKey[]> =>
  new Promise((resolve) => {
    ssh2.createAgent(agent).getIdentities((error, keys) => {
      resolve(error ? [] : ((keys ?? []) as ParsedKey[]));
    });
  });

/** The agent at that socket, offering these keys alone: sshd ends the dial after six wrong ones. */
const agentWith = (socket: string, keys: ParsedKey[]): BaseAgent => {
  const agent = ssh2.createAgent(socket);
  agent.getIdentities = (answer) => answer(undefined, keys);
  return agent;
};

const readIfThere = async (path: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(path);
  } catch {
    return undefined;
  }
};
