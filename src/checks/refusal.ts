import type { Cluster } from "../cluster.js";
import { exitCode, UserError } from "../errors.js";
import type { Finding } from "./check.js";

/** A UserError as a finding: its message begins with the host that it is about. Throws anything else, and a lost machine's error. */
export const refusalFrom = (error: unknown, { hosts }: Cluster): Finding => {
  if (!(error instanceof UserError) || error.code === exitCode.unreachable) throw error;
  const { message, cure } = error;
  const host = hosts
    .map(({ name }) => name)
    .find((name) => message.startsWith(`${name}: `) || message.startsWith(`${name} `));
  const text = host === undefined ? message : message.slice(host.length).replace(/^:? /, "");
  return {
    level: "refusal",
    text,
    ...(host !== undefined && { host }),
    ...(cure !== undefined && { cure }),
  };
};
