import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { parseArgs } from "node:util";
import ConfigurableProxy from "configurable-http-proxy/lib/configproxy.js";

// The proxy container's program: configurable-http-proxy with our settings. Not by its own command line, which takes its
// token from the environment only and has no way to lift Node's limit below.

const { values: options } = parseArgs({
  options: {
    "token-file": { type: "string", default: "/run/secrets/proxy-token" },
    pages: { type: "string", default: "/app/pages" },
    listen: { type: "string", default: "0.0.0.0:8000" },
    "api-listen": { type: "string", default: "0.0.0.0:8001" },
    "default-target": { type: "string", default: "http://hub:8081" },
  },
});

const log = {
  debug: () => {},
  // The hub asks for all routes every ten seconds, and each answer would be a line.
  info: (text: string, ...values: unknown[]) => {
    if (values[1] !== "GET") console.log(text, ...values);
  },
  warn: console.warn,
  error: console.error,
};
const authToken = readFileSync(options["token-file"], "utf8").trim();
if (authToken === "") throw new Error("the proxy's token is empty: anyone could set routes");

const proxy = new ConfigurableProxy({
  log,
  authToken,
  defaultTarget: options["default-target"],
  errorPath: options.pages,
  // The edge has set these headers; what would be appended here (the edge's own address, plain http) is what Tornado
  // believes, since it takes the last of a list.
  xfwd: false,
});
// Node ends a request that takes longer than five minutes to arrive: a large file over a slow line.
proxy.proxyServer.requestTimeout = 0;
// The edge keeps idle connections for four seconds. With Node's five, one of them could be closed here, after a moment in which
// we got to nothing, under a POST that nginx must not send twice.
proxy.proxyServer.keepAliveTimeout = 60_000;

// http-proxy-3 pipes an answer on, and a pipe does not pass on that it broke off: who reads how a start goes while the hub is
// killed would wait for the rest for ever.
proxy.proxy.on("proxyRes", (from, _request, to) => {
  from.once("close", () => {
    if (!from.complete) to.destroy();
  });
});

const listenAt = (server: Server, place: string): void => {
  const [address, port] = place.split(":");
  server.once("error", (error) => {
    log.error(error.message);
    process.exit(1);
  });
  server.listen(Number(port), address);
};
listenAt(proxy.proxyServer, options.listen);
listenAt(proxy.apiServer, options["api-listen"]);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => process.exit(0));
// One connection that breaks in an unforeseen way must not take the others with it.
process.on("uncaughtException", (error) => log.error(error.stack ?? error.message));
