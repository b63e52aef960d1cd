import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assetPath } from "../../../../src/operator/assets.js";
import { ask } from "../../../nginx/support/client.js";
import { startEdge } from "../../../nginx/support/running-edge.js";

/** The secret in the page of ada's JupyterLab. */
export const adaToken = "ADA-TOKEN";

/** A class on loopback: the real edge, proxy and hub, with a server of ada and a hostile one of mallory. */
export type Site = { port: number; restartHub: () => void; close: () => Promise<void> };

/** Starts it. */
export const startSite = async (): Promise<Site> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-origin-"));
  await copyFile(assetPath("nginx/unavailable.html"), join(folder, "error.html"));
  const program = new URL("../../../../proxy/proxy.js", import.meta.url).pathname;
  const script = assetPath("test/e2e/support/origin/hub.py");
  const running = spawn(`${process.env["HUB_VENV"]}/bin/python`, [script, program, folder], {
    env: { ...process.env, HUB_FOLDER: assetPath("hub") },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const [line] = (await once(running.stdout, "data")) as [Buffer];
  const { proxy, api } = JSON.parse(line.toString()) as { proxy: number; api: number };
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const headers = { Authorization: "token proxy-token" };
  for (const user of ["ada", "mallory"]) {
    const route = { tls: false, method: "POST", headers, send: { target } };
    await ask(api, `/api/routes/user/${user}/`, route);
  }
  const upstream = `127.0.0.1:${proxy}`;
  const site = await startEdge({ tls: { kind: "off" }, upstream });
  return {
    port: site.ports.http,
    restartHub: () => running.stdin.write("\n"),
    close: async () => {
      server.close();
      await site.close();
      running.stdin.end();
      await once(running, "exit");
      await rm(folder, { recursive: true });
    },
  };
};

const worker = `self.addEventListener("fetch", (event) => event.respondWith(new Response("caught")));`;

/** The servers of ada and mallory. */
const answer = ({ url = "" }: IncomingMessage, response: ServerResponse): void => {
  response.setHeader("Content-Type", "text/html");
  if (url.startsWith("/user/ada/")) {
    response.setHeader("Set-Cookie", "_xsrf=of-ada; Path=/user/ada/");
    response.end(`<script>const token = "${adaToken}";</script>`);
  } else if (/^\/user\/mallory(\/sw\.js)?$/.test(url)) {
    response.setHeader("Content-Type", "text/javascript");
    response.setHeader("Service-Worker-Allowed", "/");
    response.end(worker);
  } else if (url === "/user/mallory/cookies") {
    const foreign = ["/", "/hub/", "/user/ada/"].map((path) => `planted=1; Path=${path}`);
    response.setHeader("Set-Cookie", [...foreign, "own=1; Path=/user/mallory/"]);
    response.end();
  } else if (url === "/user/mallory/clear") {
    response.setHeader("Clear-Site-Data", `"cookies"`);
    response.end();
  } else response.end("<p>mallory");
};
