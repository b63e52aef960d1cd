import { flag, section } from "./fields.js";

/** `swarm` of swarmhub.yaml. */
export const swarm = section({ encrypted: flag.default(false) }, "{encrypted: true}");
