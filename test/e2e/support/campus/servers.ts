import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type IncomingMessage, type ServerResponse, request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { assetPath } from "../../../../src/operator/assets.js";
import { makeAuthority } from "../../../nginx/support/signing.js";
import { keyHash } from "../login/site.js";
import { type Launch, answerAsPlatform } from "./platform.js";

/** What a server does wrong; "down" is one that takes no connection any more, once it has sent a browser back to the class. */
export type Fault = "" | "silent" | "nonsense" | "error" | "down";

/** A CAS server and a learning platform at one address with TLS by an authority of its own. */
export type CampusServers = {
  address: string;
  root: string;
  /** Certificates of the authority for the host. */
  valid: { certificate: string; key: string };
  expired: { certificate: string; key: string };
  keys: string[];
  launch: Launch;
  /** What the hub gets; browsers get their pages all the same. */
  setFault: (fault: Fault) => Promise<void>;
  setExpired: (isExpired: boolean) => void;
  /** Gives somebody these groups at the CAS server. */
  setGroups: (user: string, groups: readonly string[]) => Promise<void>;
  close: () => Promise<void>;
};

const casPort = 8700;

/**
 * Starts them for the class at `hub`, whose root certificate is in the file `roots`; `host` is their name in addresses, or the IP address
 * at which they listen.
 */
export const startCampus = async (
  folder: string,
  hub: string,
  roots: string,
  host = "localhost",
): Promise<CampusServers> => {
  const authority = makeAuthority();
  const valid = authority.sign([host]);
  const expired = authority.sign([host], 2, 3);
  const contextOf = ({ certificate, intermediate, key }: typeof valid) => ({
    cert: certificate + intermediate,
    key,
  });
  const launch: Launch = { user: "ada", course: "7", deployment: "4" };
  let fault: Fault = "";
  let address = "";
  const server = createServer(contextOf(valid), (incoming, response) => {
    const { url = "" } = incoming;
    if (fault === "down" && leadsBack(incoming)) response.once("finish", () => server.close());
    if (fault !== "" && /serviceValidate|\/keys/.test(url)) {
      if (fault === "silent") return;
      if (fault === "error") response.statusCode = 500;
      response.end("<html>oops");
    } else if (url.startsWith("/cas/")) pass(incoming, response);
    else answerAsPlatform(incoming, response, hub, launch, address);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, host === "localhost" ? "127.0.0.1" : host);
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  address = `https://${host}:${port}`;
  const people: Record<string, readonly string[]> = {
    ada: ["geo-101", "staff"],
    bob: ["other"],
    prof: [],
  };
  const setGroups = (user: string, groups: readonly string[]): Promise<void> => {
    people[user] = groups;
    return writeFile(join(folder, "people.json"), JSON.stringify(people));
  };
  await setGroups("prof", []);
  const argv = [folder, String(casPort), address, `^${hub}/hub/cas(\\?.*)?$`];
  const program = assetPath("test/e2e/support/campus/university_cas.py");
  const cas = spawn(`${process.env["CAS_VENV"]}/bin/python`, [program, ...argv], {
    // With this certificate it sends single log-outs to the class.
    env: { ...process.env, REQUESTS_CA_BUNDLE: roots },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const failed = once(cas, "exit").then(() => {
    throw new Error("the CAS server does not start");
  });
  failed.catch(() => undefined);
  await Promise.race([once(cas.stdout, "data"), failed]);
  return {
    address,
    root: authority.root,
    valid: { certificate: contextOf(valid).cert, key: valid.key },
    expired: { certificate: contextOf(expired).cert, key: expired.key },
    keys: [valid, expired].map(({ pair }) => keyHash(pair)),
    launch,
    setFault: async (next) => {
      fault = next;
      if (!server.listening) await listen(port);
    },
    setExpired: (isExpired) => {
      server.setSecureContext(contextOf(isExpired ? expired : valid));
      server.closeAllConnections();
    },
    setGroups,
    close: async () => {
      server.close();
      server.closeAllConnections();
      cas.kill();
      await once(cas, "exit");
    },
  };
};

/** Whether the answer sends the browser back to the class. */
const leadsBack = ({ method, url = "" }: IncomingMessage): boolean =>
  url.startsWith("/auth") || (method === "POST" && url.startsWith("/cas/login"));

/** Passes a request on to the CAS server, which has no TLS of its own. */
const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
  const headers = { ...incoming.headers, "x-forwarded-proto": "https" };
  const { method, url: path } = incoming;
  const onward = request({ port: casPort, host: "127.0.0.1", method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  incoming.pipe(onward);
};
