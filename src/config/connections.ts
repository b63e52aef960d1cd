/** How the machines are connected: with the operator, and with each other. */
export type Connections = {
  /** Whether the system's own ssh connects to the machines, in place of ssh2. */
  usesSystemSsh: boolean;
  /** Whether what crosses the overlay network between machines is encrypted. */
  swarm: { encrypted: boolean };
};
