import type { SecretSource } from "./secret-source.js";

/** The HTTP proxy through which the machines reach everything outside: addresses without a login, which is apart. */
export type ProxyConfig = {
  http: string;
  https: string;
  /** What is reached without it, besides the class's own machines and names. */
  except: string[];
  login?: { user: string; password: SecretSource };
};
