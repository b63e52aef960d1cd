import { spawn } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { assetPath } from "../../../../src/operator/assets.js";

/** A stand-in for GitHub, Google, Globus and CILogon, made by their documentation: hub/tests/support/stand_in.py. */
export type StandIn = {
  url: string;
  /** The root certificates of its valid and of its expired certificate. */
  roots: string;
  /** The hashes of the keys of its certificates, by which Chromium trusts them. */
  keys: string[];
  /** Changes who logs in next, and what goes wrong, for example `expired`; returns the arguments with which the last browser came. */
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
  const { url, roots, own } = (await next()) as { url: string; roots: string; own: string[] };
  const hashOf = (certificate: string): string => {
    const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
    return createHash("sha256").update(key).digest("base64");
  };
  return {
    url,
    roots,
    keys: own.map(hashOf),
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
