import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import Provider from "oidc-provider";
import { makeAuthority } from "../../../nginx/support/signing.js";
import { keyHash } from "./site.js";

/** What a provider does wrong. */
type Fault = "" | "silent" | "nonsense" | "error";

/** An identity provider with TLS by an authority of its own; its log-in form takes any name, with any password. */
export type OidcServer = {
  issuer: string;
  /** Its root certificate. */
  root: string;
  keys: string[];
  /** The claims of each account. */
  accounts: Record<string, Record<string, unknown>>;
  /** The paths that were asked for. */
  asked: string[];
  /** What it answers to the hub; browsers get their pages all the same. */
  setFault: (fault: Fault) => void;
  /** Presents a certificate that ended yesterday, or a valid one again. */
  setExpired: (isExpired: boolean) => void;
  stop: () => Promise<void>;
  start: () => Promise<void>;
};

/** Starts one, at which a client is registered. `host` is its name in addresses, or the IP address at which it listens. */
export const startOidcServer = async (
  client: { id: string; secret: string; callback: string },
  host = "localhost",
): Promise<OidcServer> => {
  const authority = makeAuthority();
  const valid = authority.sign([host]);
  const expired = authority.sign([host], 2, 3);
  const contextOf = ({ certificate, intermediate, key }: typeof valid) => ({
    cert: certificate + intermediate,
    key,
  });
  const accounts: OidcServer["accounts"] = {};
  const asked: string[] = [];
  let fault: Fault = "";
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {};
  const server = createServer(contextOf(valid), (request, response) => {
    asked.push(new URL(request.url ?? "/", issuer).pathname);
    const isForHub = /^\/(token|me|\.well-known)/.test(request.url ?? "");
    if (!isForHub || fault === "") return handle(request, response);
    if (fault === "silent") return;
    if (fault === "error") response.statusCode = 500;
    response.end("<html>oops");
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, host === "localhost" ? "127.0.0.1" : host);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const issuer = `https://${host}:${port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: [client.callback],
        post_logout_redirect_uris: [client.callback],
      },
    ],
    claims: { profile: ["preferred_username"], groups: ["groups"] },
    scopes: ["openid", "groups"],
    pkce: { required: () => true },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, ...accounts[id] }),
    }),
  });
  handle = provider.callback();
  return {
    issuer,
    root: authority.root,
    keys: [keyHash(valid.pair), keyHash(expired.pair)],
    accounts,
    asked,
    setFault: (next) => {
      fault = next;
    },
    setExpired: (isExpired) => {
      server.setSecureContext(contextOf(isExpired ? expired : valid));
      server.closeAllConnections();
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
    start: async () => {
      await listen(port);
    },
  };
};
