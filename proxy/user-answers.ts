import type { IncomingHttpHeaders } from "node:http";

/**
 * Takes from the answer of a user's server what would act on the whole origin, which is also that of the hub and of the other
 * users. `prefix` is the server's own path ("/user/ada"; "" where it has an origin of its own, which is still of one site with the
 * others), `path` the path of the request.
 */
export const keepToOwnPath = (headers: IncomingHttpHeaders, prefix: string, path: string): void => {
  for (const name of Object.keys(headers))
    if (originWide.has(name) || name.startsWith("x-accel-")) delete headers[name];
  const cookies = headers["set-cookie"]?.flatMap((cookie) => ownCookie(cookie, prefix, path));
  if (cookies !== undefined) headers["set-cookie"] = cookies;
};

/** X-Accel-* are not here by name: with X-Accel-Redirect, nginx would answer with another path's page. */
const originWide = new Set([
  // A service worker for paths outside of its own folder: it would answer for the hub, and read the next login.
  "service-worker-allowed",
  // Deletes everybody's cookies and stored data, so logs the visitor out.
  "clear-site-data",
  // Another server for the origin, HTTPS for longer than the class has a certificate, or other keys: the class is unreachable.
  "alt-svc",
  "strict-transport-security",
  "public-key-pins",
  "expect-ct",
  // Where the browser reports errors of the whole origin, with the addresses of pages.
  "nel",
  "report-to",
  // What the browser sends with each later request to the origin, or asks before it.
  "accept-ch",
  "critical-ch",
  "use-as-dictionary",
  "secure-session-registration",
  "sec-session-registration",
  // How the browser separates the pages of the origin, and whether it calls the visitor logged in.
  "origin-agent-cluster",
  "set-login",
]);

/** The cookie if the browser sends it to this server only, else none. RFC 6265 (5.2, 5.3): the last attribute of a kind counts. */
const ownCookie = (cookie: string, prefix: string, path: string): string[] => {
  const attributes = cookie.split(";").slice(1).map(attribute);
  if (attributes.some(({ name, value }) => name === "domain" && value !== "")) return [];
  const cookiePath = attributes.findLast(({ name }) => name === "path")?.value ?? "";
  if (cookiePath.startsWith("/")) return isWithin(cookiePath, prefix) ? [cookie] : [];
  // The default is the folder of the request, which an encoded slash can lead out of the server's.
  const folder = path.slice(0, path.lastIndexOf("/"));
  return [isWithin(folder, prefix) ? cookie : `${cookie}; Path=${encodeURI(prefix)}/`];
};

const attribute = (text: string): { name: string; value: string } => {
  const [name = "", ...value] = text.split("=");
  return { name: name.trim().toLowerCase(), value: value.join("=").trim() };
};

const isWithin = (path: string, prefix: string): boolean => {
  try {
    // As the route was found: configurable-http-proxy decodes paths.
    return `${decodeURIComponent(path)}/`.startsWith(`${prefix}/`);
  } catch {
    return false;
  }
};
