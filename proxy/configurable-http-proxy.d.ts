declare module "configurable-http-proxy/lib/configproxy.js" {
  import type { EventEmitter } from "node:events";
  import type { IncomingMessage, Server, ServerResponse } from "node:http";

  /** The options that lib/configproxy.js of configurable-http-proxy 5.3.0 reads; it has no types of its own. */
  type Options = {
    log: Log;
    authToken: string;
    defaultTarget: string;
    errorPath: string;
    xfwd: boolean;
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
    }>;
    readonly proxyServer: Server;
    readonly apiServer: Server;
  }
}
