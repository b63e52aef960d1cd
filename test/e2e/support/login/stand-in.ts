import { spawn } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { assetPath } from "../../../../src/operator/assets.js";

/** A stand-in for GitHub, Google, Globus and CILogon, made by their documentation: hub/tests/support/stand_in.py. */
export type StandIn = {
  url: string;
  root: string;
  /** The hash of the key of its certificate, by which Chromium trusts it. */
  key: string;
  /** Changes who logs in next, and what goes wrong; returns the arguments with which the last browser came. */
  change: (changes: Record<string, unknown>) => Promise<Record<string, string>>;
  close: () => Promise<void>;
};

/** Starts it; it sends browsers back to this address only. */
export const startStandIn = async (callback: string): Promise<StandIn> => {
  const script = assetPath("test/e2e/support/login/stand_in_server.py");
  const running = spawn(`${process.env["HUB_VENV"]}/bin/python`, [script, callback], {
    env: { ...process.env, HUB_FOLDER: assetPath("hub") },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: running.stdout });
  const next = async (): Promise<unknown> => {
    const [line] = (await once(lines, "line")) as [string];
    return JSON.parse(line);
  };
  const { url, root, own } = (await next()) as { url: string; root: string; own: string };
  const key = new X509Certificate(own).publicKey.export({ type: "spki", format: "der" });
  return {
    url,
    root,
    key: createHash("sha256").update(key).digest("base64"),
    change: async (changes) => {
      running.stdin.write(`${JSON.stringify(changes)}\n`);
      return (await next()) as Record<string, string>;
    },
    close: async () => {
      running.stdin.end();
      await once(running, "exit");
    },
  };
};
