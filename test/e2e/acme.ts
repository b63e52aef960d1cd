import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { assetsAt, ownImages } from "../../src/images.js";
import { until } from "../../src/until.js";
import type { Status } from "../../nginx/status.js";
import type { Lab } from "./machines.js";

const run = promisify(execFile);
const assets = new URL("../../../dist/assets", import.meta.url).pathname;

/** The name of the site, which the lab's own DNS server knows. */
export const site = "geo.example.org";

/** One guest with an authority (Pebble), a DNS server, the edge, and something behind it that says what it was asked. */
export type Stage = {
  /** Starts Pebble anew: another root, certificates for so many seconds, so many of 100 nonces refused. */
  pebble: (options?: { validity?: number; refused?: number }) => Promise<void>;
  stopPebble: () => Promise<void>;
  /** Lets the site's name lead to that address. */
  leadTo: (address: string) => Promise<void>;
  startDns: () => Promise<void>;
  /** The settings of the edge, with these changes; it is told of them if it runs. */
  settings: (changes?: Record<string, unknown>) => Promise<void>;
  edge: {
    start: () => Promise<void>;
    signal: (name: string) => Promise<void>;
    /** The command that kills its container. */
    kill: string;
    log: () => Promise<string>;
  };
  status: () => Promise<Status>;
  /** Waits until the status is so; `seconds` at most. */
  statusWhen: (what: string, is: (status: Status) => boolean, seconds?: number) => Promise<Status>;
  /** The root that Pebble made, as a file on this machine. */
  root: () => Promise<string>;
};

/** Prepares the guest; starts neither Pebble nor the edge. */
export const setStage = async (lab: Lab): Promise<Stage> => {
  const address = lab.address(1);
  const image = ownImages(assetsAt((path) => join(assets, path))).find(
    ({ name }) => name === "edge",
  )?.reference;
  const on = (script: string) => lab.on(1, `set -e\n${script}`);
  await lab.write(1, "/root/upstream.mjs", upstream);
  await on(`apt-get -q update && apt-get -q install -y --no-install-recommends pebble openssl
systemctl stop names pebble 2>/dev/null || true
docker rm -f edge proxy >/dev/null 2>&1 || true
rm -rf ${folder}
mkdir -p /root/acme /etc/swarmhub/edge ${folder}/acme
cd /root/acme
openssl req -x509 -newkey rsa:2048 -noenc -days 3650 -subj '/CN=lab authority' -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem
openssl req -newkey rsa:2048 -noenc -subj /CN=acme.example.org -keyout server.key -out server.csr
echo subjectAltName=DNS:acme.example.org >server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 3650 -extfile server.ext -out server.pem
install -m 0600 ca.pem ${folder}/acme/ca.pem
docker network create class >/dev/null 2>&1 || true
docker run -d --name proxy --network class --restart always -p 8000:8000 -v /root/upstream.mjs:/upstream.mjs:ro ${image} node /upstream.mjs`);

  const stage: Stage = {
    pebble: async ({ validity = 7_776_000, refused = 0 } = {}) => {
      await stage.stopPebble();
      const profiles = { default: { description: "", validityPeriod: validity } };
      const pebble = { ...pebbleConfiguration, certificateValidityPeriod: validity, profiles };
      await lab.write(1, "/root/acme/pebble.json", JSON.stringify({ pebble }));
      const variables = `--setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_WFE_NONCEREJECT=${refused}`;
      const words = `-config /root/acme/pebble.json -dnsserver 127.0.0.1:53`;
      await on(`systemd-run -q --unit pebble ${variables} pebble ${words}
for i in $(seq 300); do curl -sk https://127.0.0.1:14000/dir >/dev/null && exit 0; sleep 0.1; done; exit 1`);
    },
    stopPebble: async () => {
      await on("systemctl stop pebble || true; systemctl reset-failed pebble 2>/dev/null || true");
    },
    startDns: async () => {
      const words = `-dns01 ${address}:53,127.0.0.1:53 -defaultIPv4 ${address} -defaultIPv6 ""`;
      const off = `-http01 "" -https01 "" -tlsalpn01 ""`;
      await on(`systemd-run -q --unit names pebble-challtestsrv ${words} ${off}
for i in $(seq 300); do curl -s http://127.0.0.1:8055/ >/dev/null && exit 0; sleep 0.1; done; exit 1`);
    },
    leadTo: async (to) => {
      const body = JSON.stringify({ host: site, addresses: [to] });
      await on(`curl -sf -d '${JSON.stringify({ host: site })}' http://127.0.0.1:8055/clear-a
curl -sf -d '${body}' http://127.0.0.1:8055/add-a`);
    },
    settings: async (changes = {}) => {
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
      // Not by `docker kill`: whichever the signal, Docker then takes the container for stopped by hand.
      signal: async (name) => {
        await on(`kill -s ${name} ${init}`);
      },
      kill: `kill -9 ${init}`,
      log: () => on("docker logs edge 2>&1 | grep ^edge: || true"),
    },
    status: async () => JSON.parse(await on(`cat ${folder}/status.json`)) as Status,
    statusWhen: (what, is, seconds = 60) => {
      let seen: unknown;
      return until(
        async () => {
          const status = await stage.status().catch(() => undefined);
          seen = status;
          return status !== undefined && is(status) ? status : undefined;
        },
        {
          deadline: seconds * 1000,
          every: 500,
          otherwise: async () =>
            new Error(
              `in ${seconds} s it did not come about that ${what}: ${JSON.stringify(seen, null, 2)}\n${await stage.edge.log()}`,
            ),
        },
      );
    },
    root: async () => {
      const path = join(lab.folder, "root.pem");
      await writeFile(path, await on("curl -sk https://127.0.0.1:15000/roots/0"));
      return path;
    },
  };
  await stage.startDns();
  return stage;
};

/** What `openssl s_client` says of the site on that machine. */
export const sClient = async (
  address: string,
  ...words: string[]
): Promise<{ ok: boolean; said: string }> => {
  const argv = ["s_client", "-connect", `${address}:443`, ...words];
  const running = run("openssl", argv, { timeout: 20_000 });
  running.child.stdin?.end();
  return running.then(
    ({ stdout, stderr }) => ({ ok: true, said: stdout + stderr }),
    (error: { stdout: string; stderr: string }) => ({
      ok: false,
      said: error.stdout + error.stderr,
    }),
  );
};

const folder = "/var/lib/swarmhub/certificates";
/** The container's first process, as the shell of its machine finds it. */
const init = "$(docker inspect -f '{{.State.Pid}}' edge)";

const settings = {
  domain: site,
  names: [],
  tls: { kind: "acme", directory: "https://acme.example.org:14000/dir", ca: true },
  schedule: { pauses: [2] },
};

const pebbleConfiguration = {
  listenAddress: "0.0.0.0:14000",
  managementListenAddress: "127.0.0.1:15000",
  certificate: "/root/acme/server.pem",
  privateKey: "/root/acme/server.key",
  httpPort: 80,
  tlsPort: 443,
  ocspResponderURL: "",
  externalAccountBindingRequired: false,
};

/** Says what it was asked as JSON; sends back what comes over an upgraded connection. */
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
