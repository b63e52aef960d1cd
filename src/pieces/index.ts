import type { Piece } from "../reconcile/piece.js";
import { cleanup } from "./cleanup.js";
import { edge } from "./edge.js";
import { engine } from "./engine.js";
import { files } from "./files.js";
import { firewall } from "./firewall.js";
import { firstFiles } from "./first-files.js";
import { hub } from "./hub.js";
import { images } from "./images.js";
import { monitor } from "./monitor.js";
import { network } from "./network.js";
import { outbound } from "./outbound.js";
import { packages } from "./packages.js";
import { proxy } from "./proxy.js";
import { quota } from "./quota.js";
import { registry } from "./registry.js";
import { reserve } from "./reserve.js";
import { roster } from "./roster.js";
import { scratch } from "./scratch.js";
import { seats } from "./seats.js";
import { secrets } from "./secrets.js";
import { storage } from "./storage.js";
import { swarm } from "./swarm.js";
import { trial } from "./trial.js";

/** All parts of the system in the order in which `up` creates them; `down` removes them in reverse. */
export const pieces: readonly Piece[] = [
  outbound,
  packages,
  scratch,
  engine,
  firewall,
  monitor,
  swarm,
  network,
  storage,
  images,
  registry,
  trial,
  reserve,
  seats,
  quota,
  firstFiles,
  secrets,
  roster,
  files,
  proxy,
  hub,
  edge,
  cleanup,
] as readonly Piece[];

/** The exports that commands need; outside this room only this file is imported. */
export { authorityFolder, certificatesErasure, hasAuthority } from "./edge/issued-certificates.js";
export { hub } from "./hub.js";
export { readSecret } from "./secrets.js";
export { limits } from "./quota/limits.js";
export { readRosterFile, rosterPiece } from "./roster.js";
export { homesErasure } from "./storage.js";
export { remainingHomes } from "./storage/erase.js";
export { swarm, swarmPiece } from "./swarm.js";
