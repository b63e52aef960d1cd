import { join } from "node:path";
import { type EdgeStatus, statusFrom } from "../../../contracts/edge-status.js";
import { assetsAt, ownImages } from "../../../src/operator/own-images.js";
import { waitUntil } from "../../../src/wait.js";
import { type Authority, prepareAuthority, site } from "./authority.js";
import type { Lab } from "./lab.js";
import { root } from "../../support/root.js";

const assets = join(root, "dist/assets");

/** One guest with an authority, the edge, and an upstream that echoes requests in place of the proxy. */
export type AcmeStage = Authority & {
  /** Writes the settings of the edge with these changes; a running edge reads them. */
  writeSettings: (changes?: Record<string, unknown>) => Promise<void>;
  edge: {
    start: () => Promise<void>;
    signal: (name: string) => Promise<void>;
    /** The command that kills its container. */
    kill: string;
    log: () => Promise<string>;
  };
  status: () => Promise<EdgeStatus>;
  /** Waits until the status meets a condition, for at most `seconds`; the description is for the error. */
  statusWhen: (
    description: string,
    condition: (status: EdgeStatus) => boolean,
    seconds?: number,
  ) => Promise<EdgeStatus>;
};

/** Prepares the guest; starts neither Pebble nor the edge. */
export const prepareAcmeStage = async (lab: Lab): Promise<AcmeStage> => {
  const address = lab.address(1);
  const image = ownImages(assetsAt((path) => join(assets, path))).find(
    ({ name }) => name === "edge",
  )?.reference;
  const on = (script: string) => lab.on(1, `set -e\n${script}`);
  await lab.write(1, "/root/upstream.mjs", upstream);
  const authority = await prepareAuthority(lab, 1);
  await on(`docker rm -f edge proxy >/dev/null 2>&1 || true
rm -rf ${folder}
mkdir -p /etc/swarmhub/edge ${folder}/acme
install -m 0600 /root/acme/ca.pem ${folder}/acme/ca.pem
docker network create class >/dev/null 2>&1 || true
docker run -d --name proxy --network class --restart always -p 8000:8000 -v /root/upstream.mjs:/upstream.mjs:ro ${image} node /upstream.mjs`);

  const stage: AcmeStage = {
    ...authority,
    writeSettings: async (changes = {}) => {
      const file = "/etc/swarmhub/edge/settings.json";
      await lab.write(1, `${file}.new`, JSON.stringify({ ...settings, address, ...changes }));
      await on(
        `mv ${file}.new ${file}; docker inspect edge >/dev/null 2>&1 || exit 0; kill -s HUP ${init}`,
      );
    },
    edge: {
      start: async () => {
        await on(`docker run -d --name edge --init --network class --restart always --dns ${address} -p 80:80 -p 443:443 \\
  -v /etc/swarmhub/edge:/etc/swarmhub/edge:ro -v ${folder}:/certificates ${image}`);
      },
      // Not with `docker kill`: Docker then treats the container as stopped by hand, whichever the signal.
      signal: async (name) => {
        await on(`kill -s ${name} ${init}`);
      },
      kill: `kill -9 ${init}`,
      log: () => on("docker logs edge 2>&1 | grep ^edge: || true"),
    },
    status: async () => {
      const status = statusFrom(await on(`cat ${folder}/status.json`));
      if (status === undefined) throw new Error("status.json cannot be read");
      return status;
    },
    statusWhen: (description, condition, seconds = 60) => {
      let last: unknown;
      return waitUntil(
        async () => {
          const status = await stage.status().catch(() => undefined);
          last = status;
          return status !== undefined && condition(status) ? status : undefined;
        },
        {
          deadline: seconds * 1000,
          every: 500,
          otherwise: async () =>
            new Error(
              `not within ${seconds} s: ${description}; the last status: ${JSON.stringify(last, null, 2)}\n${await stage.edge.log()}`,
            ),
        },
      );
    },
  };
  return stage;
};

const folder = "/var/lib/swarmhub/certificates";
/** A shell expression with the process id of the container's first process on its machine. */
const init = "$(docker inspect -f '{{.State.Pid}}' edge)";

const settings = {
  domain: site,
  otherNames: [],
  tls: { kind: "acme", directory: "https://acme.example.org:14000/dir", ca: true },
  schedule: { pauses: [2] },
};

/** Returns each request as JSON; echoes the bytes of an upgraded connection. */
const upstream = `
import { createServer } from "node:http";
const server = createServer(({ method, url, headers }, response) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ method, url, headers }));
});
server.on("upgrade", (request, socket) => {
  socket.on("error", () => {});
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n");
  socket.pipe(socket);
});
server.listen(8000);
process.on("SIGTERM", () => process.exit(0));
`;
