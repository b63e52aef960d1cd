/** Where a secret comes from; a "generated" one is made once on the manager and stays there. */
export type SecretSource =
  | { kind: "env"; name: string }
  | { kind: "file"; path: string }
  | { kind: "generated" };
