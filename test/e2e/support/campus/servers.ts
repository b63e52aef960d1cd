import { spawn } from "node:child_process";
import { once } from "node:events";
import { type IncomingMessage, type ServerResponse, request } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { assetPath } from "../../../../src/operator/assets.js";
import { makeAuthority } from "../../../nginx/support/signing.js";
import { keyHash } from "../login/site.js";
import { type Launch, answerAsPlatform } from "./platform.js";

/** What a server does wrong. */
export type Fault = "" | "silent" | "nonsense" | "error";

/** A CAS server and a learning platform at one address with TLS by an authority of its own. */
export type CampusServers = {
  address: string;
  root: string;
  /** A certificate of the authority for localhost. */
  pair: { certificate: string; key: string };
  keys: string[];
  launch: Launch;
  /** What the hub gets; browsers get their pages all the same. */
  setFault: (fault: Fault) => void;
  setExpired: (isExpired: boolean) => void;
  setDown: (isDown: boolean) => Promise<void>;
  close: () => Promise<void>;
};

const casPort = 8700;

/** Starts them for the class at `hub`, whose root certificate is in the file `roots`. */
export const startCampus = async (
  folder: string,
  hub: string,
  roots: string,
): Promise<CampusServers> => {
  const authority = makeAuthority();
  const valid = authority.sign(["localhost"]);
  const expired = authority.sign(["localhost"], 2, 3);
  const contextOf = ({ certificate, intermediate, key }: typeof valid) => ({
    cert: certificate + intermediate,
    key,
  });
  const launch: Launch = { user: "ada", course: "7", deployment: "4" };
  let fault: Fault = "";
  let address = "";
  const server = createServer(contextOf(valid), (incoming, response) => {
    const { url = "" } = incoming;
    if (fault !== "" && /serviceValidate|\/keys/.test(url)) {
      if (fault === "silent") return;
      if (fault === "error") response.statusCode = 500;
      response.end("<html>oops");
    } else if (url.startsWith("/cas/")) pass(incoming, response);
    else answerAsPlatform(incoming, response, hub, launch, address);
  });
  const listen = async (port: number): Promise<number> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  address = `https://localhost:${port}`;
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
    pair: { certificate: valid.certificate + valid.intermediate, key: valid.key },
    keys: [valid, expired].map(({ pair }) => keyHash(pair)),
    launch,
    setFault: (next) => {
      fault = next;
    },
    setExpired: (isExpired) => {
      server.setSecureContext(contextOf(isExpired ? expired : valid));
      server.closeAllConnections();
    },
    setDown: async (isDown) => {
      if (!isDown) {
        await listen(port);
        return;
      }
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      cas.kill();
      await once(cas, "exit");
    },
  };
};

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
