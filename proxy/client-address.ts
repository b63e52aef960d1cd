import { timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * With this header the edge tells the proxy, and the proxy tells the hub, that the client's address in the other headers is true. Its
 * value is a secret of the three (nginx/nginx.conf.hbs, hub/swarmhub/web/client_address.py).
 */
const header = "x-swarmhub-forwarded";

/**
 * Replaces the address that a request claims by the one that it comes from, unless the edge has set it. Users' servers reach the
 * proxy too, and the hub counts wrong passwords by this address.
 */
export const replaceClaimedAddress = (
  { headers, socket }: Pick<IncomingMessage, "headers" | "socket">,
  secret: string,
): void => {
  const said = headers[header];
  delete headers[header];
  if (typeof said === "string" && isEqual(said, secret)) return;
  headers["x-forwarded-for"] = headers["x-real-ip"] = socket.remoteAddress ?? "";
};

/** Tells the hub that the address is true. Never for a request to a user's server, which could repeat the secret. */
export const vouchForAddress = (
  { headers }: Pick<IncomingMessage, "headers">,
  secret: string,
): void => {
  headers[header] = secret;
};

const isEqual = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
};
