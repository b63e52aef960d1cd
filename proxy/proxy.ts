import { readFileSync } from "node:fs";
import { Agent, type IncomingMessage, type Server } from "node:http";
import { parseArgs } from "node:util";
import ConfigurableProxy from "configurable-http-proxy/lib/configproxy.js";
import { replaceClaimedAddress, vouchForAddress } from "./client-address.js";
import { keepToOwnPath } from "./user-answers.js";

// The proxy container's program: configurable-http-proxy with our settings. Its own command line reads the token from the
// environment only, and cannot change Node's limits below.

const { values: options } = parseArgs({
  options: {
    "token-file": { type: "string", default: "/run/secrets/proxy-token" },
    "edge-token-file": { type: "string", default: "/run/secrets/edge-token" },
    pages: { type: "string", default: "/app/pages" },
    listen: { type: "string", default: "0.0.0.0:8000" },
    "api-listen": { type: "string", default: "0.0.0.0:8001" },
    "default-target": { type: "string", default: "http://hub:8081" },
    "host-routing": { type: "boolean", default: false },
  },
});

const log = {
  debug: () => {},
  // The hub gets all routes every ten seconds, and each request would be a line.
  info: (text: string, ...values: unknown[]) => {
    if (values[1] !== "GET") console.log(text, ...values);
  },
  warn: console.warn,
  error: console.error,
};
const readSecret = (file: string, otherwise: string): string => {
  const secret = readFileSync(file, "utf8").trim();
  if (secret === "") throw new Error(otherwise);
  return secret;
};
const authToken = readSecret(
  options["token-file"],
  "the proxy's token is empty: anyone could set routes",
);
const edgeToken = readSecret(
  options["edge-token-file"],
  "the edge's token is empty: anyone could claim any address",
);

const proxy = new ConfigurableProxy({
  log,
  authToken,
  defaultTarget: options["default-target"],
  errorPath: options.pages,
  // The edge has set these headers, see client-address.ts. Appended values (the edge's own address, plain http) would be used by
  // Tornado, which takes the last one of a list.
  xfwd: false,
  // With subdomains.
  hostRouting: options["host-routing"],
});
// No limit: Node would end a request that takes longer than five minutes to arrive, such as a large file over a slow line.
proxy.proxyServer.requestTimeout = 0;
// The edge keeps idle connections for four seconds. With Node's five, a connection could be closed here, after a moment in which this
// process was busy, while nginx sends a POST on it, which it must not send twice.
proxy.proxyServer.keepAliveTimeout = 60_000;

// The hub closes idle connections after a minute (hub/swarmhub/web/request_limits.py), which must not meet a new request.
proxy.httpAgent = new Agent({ keepAlive: true, timeout: 50_000 });

const prefixes = new WeakMap<IncomingMessage, string>();
const targetForReq = proxy.targetForReq.bind(proxy);
proxy.targetForReq = async (request) => {
  replaceClaimedAddress(request, edgeToken);
  const match = await targetForReq(request);
  if (match !== undefined) prefixes.set(request, match.prefix);
  if (match?.target === options["default-target"]) vouchForAddress(request, edgeToken);
  return match;
};
/** Everything but the hub is a user's server, whose answers are as hostile as its user. */
const protectOrigin = ({ headers }: IncomingMessage, request: IncomingMessage): void => {
  const prefix = prefixes.get(request);
  if (prefix === undefined || prefix === "/") return;
  // A user's host is theirs alone: the path "/" of a `__Host-` cookie is, too.
  const ownPath = options["host-routing"] ? "" : prefix;
  keepToOwnPath(headers, ownPath, new URL(request.url ?? "/", "http://any").pathname);
};
proxy.proxy.on("proxyRes", protectOrigin);
// http-proxy-3 has no event for the answer to an upgrade. These listeners are called before its own, which send the headers on.
proxy.proxy.on("proxyReqWs", (sent, request) => {
  for (const event of ["upgrade", "response"] as const)
    sent.on(event, (answer: IncomingMessage) => protectOrigin(answer, request));
});

// http-proxy-3 pipes answers, and a pipe does not signal that its source broke off: a browser that shows the progress of a start
// while the hub is killed would wait for the rest forever.
proxy.proxy.on("proxyRes", (from, _request, to) => {
  from.once("close", () => {
    if (!from.complete) to.destroy();
  });
});

const listenAt = (server: Server, addressAndPort: string): void => {
  const [address, port] = addressAndPort.split(":");
  server.once("error", (error) => {
    log.error(error.message);
    process.exit(1);
  });
  server.listen(Number(port), address);
};
listenAt(proxy.proxyServer, options.listen);
listenAt(proxy.apiServer, options["api-listen"]);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
// One connection that breaks in an unforeseen way must not end the others.
process.on("uncaughtException", (error) => log.error(error.stack ?? error.message));
