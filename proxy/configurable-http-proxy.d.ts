declare module "configurable-http-proxy/lib/configproxy.js" {
  import type { EventEmitter } from "node:events";
  import type { Agent, ClientRequest, IncomingMessage, Server, ServerResponse } from "node:http";

  /** The options that lib/configproxy.js of configurable-http-proxy 5.3.0 reads; it has no types of its own. */
  type Options = {
    log: Log;
    authToken: string;
    defaultTarget: string;
    errorPath: string;
    xfwd: boolean;
    /** Whether the host of a request is the first part of its route: "/ada.geo.example.org/user/ada". */
    hostRouting: boolean;
  };
  type Log = Record<
    "debug" | "info" | "warn" | "error",
    (text: string, ...values: unknown[]) => void
  >;

  export default class ConfigurableProxy {
    constructor(options: Options);
    /** Forwards requests: http-proxy-3. */
    readonly proxy: EventEmitter<{
      proxyRes: [from: IncomingMessage, request: IncomingMessage, to: ServerResponse];
      proxyReqWs: [sent: ClientRequest, request: IncomingMessage];
    }>;
    /** Keeps the connections to the hub and to users' servers. */
    httpAgent: Agent;
    /** The route of a request: its path, and the address of the server; undefined where there is none. */
    targetForReq: (
      request: IncomingMessage,
    ) => Promise<{ prefix: string; target: string } | undefined>;
    readonly proxyServer: Server;
    readonly apiServer: Server;
  }
}
