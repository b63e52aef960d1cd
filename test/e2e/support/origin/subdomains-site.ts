import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { assetPath } from "../../../../src/operator/assets.js";
import { eventually, startEdge } from "../../../nginx/support/running-edge.js";
import { makeAuthority } from "../../../nginx/support/signing.js";

/** The domain of the class. */
export const domain = "geo.example.org";

/** A class on loopback with real servers of users, which begins without subdomains. */
export type SubdomainsSite = {
  port: number;
  /** The hash of the key of the certificate, by which Chromium trusts it. */
  key: string;
  /** What `swarmhub up` does when the configuration gets subdomains: edge, proxy and hub change, servers keep running. */
  switchOn: () => Promise<void>;
  close: () => Promise<void>;
};

/** Starts it. */
export const startSubdomainsSite = async (): Promise<SubdomainsSite> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-origin-"));
  await copyFile(assetPath("nginx/unavailable.html"), join(folder, "error.html"));
  const program = new URL("../../../../proxy/proxy.js", import.meta.url).pathname;
  const script = assetPath("test/e2e/support/origin/subdomains_hub.py");
  const argv = [script, program, folder, "8888"];
  const running = spawn(`${process.env["HUB_VENV"]}/bin/python`, argv, {
    env: { ...process.env, HUB_FOLDER: assetPath("hub") },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: running.stdout });
  const [line] = (await once(lines, "line")) as [string];
  const { proxy } = JSON.parse(line) as { proxy: number };
  const edge = await startEdge({ domain, upstream: `127.0.0.1:${proxy}` });
  const { pair, certificate, intermediate, key } = makeAuthority().sign([domain, `*.${domain}`]);
  const own = join(edge.certificates, "own");
  await mkdir(own);
  await writeFile(join(own, "certificate.pem"), certificate + intermediate);
  await writeFile(join(own, "key.pem"), key);
  const change = async (changes: Record<string, unknown>): Promise<void> => {
    const reloads = async () => (await edge.output()).split("edge: reloaded").length;
    const before = await reloads();
    await edge.change({ tls: { kind: "own" }, ...changes });
    edge.process.kill("SIGHUP");
    await eventually(async () => (await reloads()) > before, "the edge is reloaded");
  };
  await change({});
  return {
    port: edge.ports.https,
    key: createHash("sha256")
      .update(pair.leaf.publicKey.export({ type: "spki", format: "der" }))
      .digest("base64"),
    switchOn: async () => {
      await change({ subdomains: true });
      running.stdin.write(`https://${domain}\n`);
      await once(lines, "line");
    },
    close: async () => {
      await edge.close();
      running.stdin.end();
      await once(running, "exit");
      await rm(folder, { recursive: true });
    },
  };
};
