/** How the machines are connected: with the operator, with browsers, and with each other. */
export type Connections = {
  /** The address at which browsers reach the manager, if it is another one than for swarmhub. */
  publicAddress?: string;
  /** Whether the system's own ssh connects to the machines, in place of ssh2. */
  usesSystemSsh: boolean;
  /** Whether what crosses the overlay network between machines is encrypted. */
  swarm: { encrypted: boolean };
};
