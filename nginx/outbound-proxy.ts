import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { Agent } from "node:https";
import { BlockList, isIPv4 } from "node:net";
import type { Duplex } from "node:stream";
import { connect } from "node:tls";
import { join } from "node:path";
import * as z from "zod";
import { type OutboundProxy, outboundProxySecret } from "../contracts/outbound-proxy.js";

const address = z.string().regex(/^https?:\/\/[^\s"'\\]+$/);
const schema = z.strictObject({
  http: address,
  https: address,
  except: z.array(z.string().regex(/^[\w.:/*-]+$/)),
});

/** The class's proxy from the folder of secrets; undefined without one. Throws an Error without its text. */
export const readOutboundProxy = async (folder: string): Promise<OutboundProxy | undefined> => {
  const file = join(folder, outboundProxySecret);
  if (!existsSync(file)) return undefined;
  try {
    return schema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    throw new Error(`${file} is not an object with http, https and except`);
  }
};

/** The login of a proxy as it may occur in the output of a program: as in the address, in plain text, and as in a header. */
export const loginsIn = ({ http, https }: OutboundProxy): string[] =>
  [http, https].flatMap((each) => {
    const { username, password } = new URL(each);
    if (username === "") return [];
    const login = loginOf(username, password);
    return [`${username}:${password}`, login, Buffer.from(login).toString("base64")];
  });

const loginOf = (username: string, password: string): string => {
  const login = `${username}:${password}`;
  try {
    return decodeURIComponent(login);
  } catch {
    // Somebody wrote a "%" as it is.
    return login;
  }
};

/** The agent for a request to a host: through the proxy by CONNECT (RFC 9110, 9.3.6); false where the host is reached directly. */
export const agentFor = (proxy: OutboundProxy | undefined, host: string): Agent | false =>
  proxy === undefined || proxy.except.some((each) => isExcepted(host, each))
    ? false
    : tunnelAgent(new URL(proxy.https));

/** As Go and curl read NO_PROXY. */
const isExcepted = (host: string, excepted: string): boolean => {
  const [network = "", bits] = excepted.split("/");
  if (isIPv4(network)) {
    const list = new BlockList();
    list.addSubnet(network, Number(bits ?? 32));
    return isIPv4(host) && list.check(host);
  }
  return host === excepted || host.endsWith(excepted.startsWith(".") ? excepted : `.${excepted}`);
};

const tunnelAgent = ({ hostname, port, username, password }: URL): Agent => {
  const agent = new Agent({ keepAlive: false });
  const login = loginOf(username, password);
  const authorization =
    username === ""
      ? {}
      : { "proxy-authorization": `Basic ${Buffer.from(login).toString("base64")}` };
  Object.assign(agent, {
    createConnection: (
      options: { host: string; port: number; servername?: string; ca?: string },
      done: (error: Error | null, socket?: Duplex) => void,
    ) => {
      const path = `${options.host}:${options.port || 443}`;
      request({
        host: hostname,
        port: port || 80,
        method: "CONNECT",
        path,
        headers: { host: path, ...authorization },
        timeout: 10_000,
      })
        .once("connect", ({ statusCode }: IncomingMessage, socket) => {
          if (statusCode === 200) {
            done(
              null,
              connect({ ...options, socket, servername: options.servername ?? options.host }),
            );
            return;
          }
          socket.destroy();
          done(new Error(`the proxy ${hostname} answers with status ${statusCode}`));
        })
        .once("timeout", function timeout(this: { destroy: (error: Error) => void }) {
          this.destroy(new Error(`the proxy ${hostname} does not answer`));
        })
        .once("error", (error) => done(error))
        .end();
    },
  });
  return agent;
};
