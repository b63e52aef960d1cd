import { homedir, userInfo } from "node:os";
import { execa } from "execa";
import { UnreachableError, UserError } from "../../errors.js";

/** How to reach one machine: what OpenSSH reads from a destination and the user's configuration. */
export type SshConfig = {
  hostname: string;
  port: number;
  user: string;
  identityFiles: string[];
  certificateFiles: string[];
  /** The agent's socket; undefined where there is none or the configuration forbids it. */
  agent: string | undefined;
  identitiesOnly: boolean;
  /** Jump hosts as destinations, the nearest first. */
  jumps: string[];
  /** Whether a program leads to the machine (ProxyCommand). */
  hasProxyCommand: boolean;
  /** Whether ssh would also log in by Kerberos (GSSAPI), and the library of a card with keys (PKCS11Provider). */
  usesGssapi: boolean;
  cardLibrary: string | undefined;
  /** The name of the host key in known_hosts. */
  hostKeyName: string;
  userKnownHosts: string[];
  globalKnownHosts: string[];
  hashKnownHosts: boolean;
  /** StrictHostKeyChecking is accept-new, or looser. */
  acceptsNewKeys: boolean;
};

/** Asks `ssh -G` what a destination means, without connecting. Throws UserError. */
export const resolveSsh = async (
  destination: string,
  configFile: string | undefined,
): Promise<SshConfig> => {
  const file = configFile === undefined ? [] : ["-F", configFile];
  const output = await execa("ssh", ["-G", ...file, "--", destination], {
    reject: false,
    stdin: "ignore",
    timeout: 10_000,
  });
  if (output.code === "ENOENT")
    throw new UserError("this machine has no ssh command", {
      hint: "install OpenSSH's client, on Debian and Ubuntu: `sudo apt-get install openssh-client`",
    });
  if (output.failed)
    throw new UnreachableError(
      destination,
      `ssh cannot read its configuration: ${output.stderr.trim() || output.shortMessage}`,
      `ssh -G ${destination}`,
    );
  return sshConfigFrom(destination, output.stdout, process.env);
};

/** Parses the output of `ssh -G`. */
export const sshConfigFrom = (
  destination: string,
  text: string,
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): SshConfig => {
  const all = optionsFrom(text);
  const first = (key: string) => all.get(key)?.[0];
  const hostname = first("hostname") ?? destination;
  const user = first("user") ?? userInfo().username;
  const port = Number(first("port") ?? 22);
  const expand = (path: string) => expandPath(path, { hostname, user, port });
  const files = (key: string) =>
    (all.get(key) ?? [])
      .flatMap((value) => value.split(/\s+/))
      .filter(isSet)
      .map(expand);
  return {
    hostname,
    port,
    user,
    identityFiles: (all.get("identityfile") ?? []).filter(isSet).map(expand),
    certificateFiles: (all.get("certificatefile") ?? []).filter(isSet).map(expand),
    agent:
      agentFrom(first("identityagent"), environment, expand) ??
      (platform === "win32" && first("identityagent") === undefined ? windowsAgent : undefined),
    identitiesOnly: first("identitiesonly") === "yes",
    jumps: [first("proxyjump")].filter(isSet).flatMap((jumps) => jumps.split(",")),
    hasProxyCommand: isSet(first("proxycommand")),
    usesGssapi: first("gssapiauthentication") === "yes",
    cardLibrary: [first("pkcs11provider")].find(isSet),
    hostKeyName: first("hostkeyalias") ?? knownHostsName(hostname, port),
    userKnownHosts: files("userknownhostsfile"),
    globalKnownHosts: files("globalknownhostsfile"),
    hashKnownHosts: first("hashknownhosts") === "yes",
    acceptsNewKeys: ["accept-new", "no", "off", "false"].includes(
      first("stricthostkeychecking") ?? "ask",
    ),
  };
};

/** Where OpenSSH's agent listens on Windows, which sets no variable for it. */
const windowsAgent = String.raw`\\.\pipe\openssh-ssh-agent`;

/** A machine's name in known_hosts: [name]:port where the port is not 22. */
const knownHostsName = (hostname: string, port: number): string =>
  port === 22 ? hostname.toLowerCase() : `[${hostname.toLowerCase()}]:${port}`;

const optionsFrom = (text: string): Map<string, string[]> => {
  const options = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const space = line.indexOf(" ");
    if (space < 0) continue;
    const key = line.slice(0, space).toLowerCase();
    options.set(key, [...(options.get(key) ?? []), line.slice(space + 1).trim()]);
  }
  return options;
};

const isSet = (value: string | undefined): value is string =>
  value !== undefined && value !== "" && value.toLowerCase() !== "none";

const agentFrom = (
  value: string | undefined,
  environment: NodeJS.ProcessEnv,
  expand: (path: string) => string,
): string | undefined => {
  if (value === undefined || value === "SSH_AUTH_SOCK") return environment["SSH_AUTH_SOCK"];
  if (!isSet(value)) return undefined;
  const variable = /^\$\{?(\w+)\}?$/.exec(value)?.[1];
  return variable === undefined ? expand(value) : environment[variable];
};

/** `ssh -G` prints paths with their tokens unexpanded. */
const expandPath = (
  path: string,
  { hostname, user, port }: { hostname: string; user: string; port: number },
): string => {
  const tokens: Record<string, string> = {
    "%": "%",
    d: homedir(),
    h: hostname,
    p: String(port),
    r: user,
    u: userInfo().username,
  };
  return path
    .replace(/^~(?=\/|$)/, homedir())
    .replaceAll(/%([%dhpru])/g, (_, token: string) => tokens[token] ?? "");
};
