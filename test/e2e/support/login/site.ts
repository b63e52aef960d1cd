import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { assetPath } from "../../../../src/operator/assets.js";
import type { CertificatePair } from "../../../../nginx/certificate-pair.js";
import { eventually, startEdge } from "../../../nginx/support/running-edge.js";
import { makeAuthority } from "../../../nginx/support/signing.js";

/** The domain of the class. */
export const domain = "geo.example.org";

/** Changes of hub.json, secrets to write, and the text of roster.json. */
export type HubInput = {
  settings: Record<string, unknown>;
  secrets: Record<string, string>;
  roster?: string;
};

/** The hub's log, and the memory of its process. */
type HubState = { log: string; kilobytes: number };

/** A class on loopback: edge with TLS, proxy and hub. */
export type LoginSite = {
  port: number;
  /** The hash of the key of the certificate, by which Chromium trusts it. */
  key: string;
  /** Its root certificate. */
  root: string;
  state: () => HubState;
  restart: (input: HubInput) => Promise<void>;
  close: () => Promise<void>;
};

/** The hash of a certificate's key as Chromium takes it. */
export const keyHash = ({ leaf }: CertificatePair): string =>
  createHash("sha256")
    .update(leaf.publicKey.export({ type: "spki", format: "der" }))
    .digest("base64");

/** Starts a class with these settings. */
export const startLoginSite = async (input: HubInput): Promise<LoginSite> => {
  const folder = await mkdtemp(join(tmpdir(), "swarmhub-login-"));
  await copyFile(assetPath("nginx/unavailable.html"), join(folder, "error.html"));
  const program = new URL("../../../../proxy/proxy.js", import.meta.url).pathname;
  const script = assetPath("test/e2e/support/login/hub.py");
  const running = spawn(`${process.env["HUB_VENV"]}/bin/python`, [script, program, folder], {
    env: { ...process.env, HUB_FOLDER: assetPath("hub") },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: running.stdout });
  let state: HubState & { proxy: number };
  const send = async (next: HubInput): Promise<void> => {
    running.stdin.write(`${JSON.stringify(next)}\n`);
    const [line] = (await once(lines, "line")) as [string];
    state = JSON.parse(line) as typeof state;
  };
  await send(input);
  const edge = await startEdge({ domain, upstream: `127.0.0.1:${state!.proxy}` });
  const authority = makeAuthority();
  const { pair, certificate, intermediate, key } = authority.sign([domain]);
  const own = join(edge.certificates, "own");
  await mkdir(own);
  await writeFile(join(own, "certificate.pem"), certificate + intermediate);
  await writeFile(join(own, "key.pem"), key);
  await edge.change({ tls: { kind: "own" } });
  edge.process.kill("SIGHUP");
  await eventually(
    async () => (await edge.output()).includes("edge: reloaded"),
    "the edge is reloaded",
  );
  return {
    port: edge.ports.https,
    key: keyHash(pair),
    root: authority.root,
    state: () => state,
    restart: send,
    close: async () => {
      await edge.close();
      running.stdin.end();
      await once(running, "exit");
      await rm(folder, { recursive: true });
    },
  };
};
