import type { Piece } from "../piece.js";
import { edge } from "./edge.js";
import { engine } from "./engine.js";
import { firewall } from "./firewall.js";
import { hub } from "./hub.js";
import { images } from "./images.js";
import { leftovers } from "./leftovers.js";
import { network } from "./network.js";
import { packages } from "./packages.js";
import { proxy } from "./proxy.js";
import { quota } from "./quota.js";
import { registry } from "./registry.js";
import { seats } from "./seats.js";
import { secrets } from "./secrets.js";
import { skeleton } from "./skeleton.js";
import { storage } from "./storage.js";
import { swarm } from "./swarm.js";

/** The whole system, in the order in which it is built; `down` goes the other way. */
export const pieces: readonly Piece[] = [
  packages,
  engine,
  firewall,
  swarm,
  network,
  storage,
  images,
  registry,
  seats,
  quota,
  skeleton,
  secrets,
  proxy,
  hub,
  edge,
  leftovers,
] as readonly Piece[];
