import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Lab } from "./lab.js";

const run = promisify(execFile);

/** The domain of the class, which the lab's own DNS server resolves. */
export const site = "geo.example.org";

type PebbleOptions = {
  /** The lifetime of its certificates, in seconds. */
  validity?: number;
  /** How many of 100 nonces it rejects. */
  rejectedNonces?: number;
  /** The external accounts that it requires, each an id with a base64url key; by default it requires none. */
  accounts?: Record<string, string>;
  /** The DNS server that it queries. */
  dns?: string;
};

/** An authority (Pebble) and a DNS server on one guest; all names below example.org except the site's resolve to this guest. */
export type Authority = {
  /** The root certificate of Pebble's own web server, PEM. */
  ca: string;
  /** Restarts Pebble, with a new root. */
  startPebble: (options?: PebbleOptions) => Promise<void>;
  stopPebble: () => Promise<void>;
  /** How many orders it has received since the guest booted. */
  orders: () => Promise<number>;
  /** Makes the site's name resolve to this address. */
  pointSiteTo: (address: string) => Promise<void>;
  /** Saves the root certificate with which Pebble signs on this machine, and returns the path. */
  root: () => Promise<string>;
};

/** Prepares the guest and starts the DNS server, but not Pebble. */
export const prepareAuthority = async (lab: Lab, guest: number): Promise<Authority> => {
  const address = lab.address(guest);
  const on = (script: string) => lab.on(guest, `set -e\n${script}`);
  await on(`apt-get -q update && apt-get -q install -y --no-install-recommends pebble openssl
systemctl stop names pebble 2>/dev/null || true
mkdir -p /root/acme
cd /root/acme
openssl req -x509 -newkey rsa:2048 -noenc -days 3650 -subj '/CN=lab authority' -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.pem
openssl req -newkey rsa:2048 -noenc -subj /CN=acme.example.org -keyout server.key -out server.csr
echo 'subjectAltName=DNS:*.example.org' >server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 3650 -extfile server.ext -out server.pem`);

  const authority: Authority = {
    ca: await on("cat /root/acme/ca.pem"),
    startPebble: async ({
      validity = 7_776_000,
      rejectedNonces = 0,
      accounts,
      dns = "127.0.0.1:53",
    } = {}) => {
      await authority.stopPebble();
      const profiles = { default: { description: "", validityPeriod: validity } };
      const pebble = {
        ...pebbleConfiguration,
        certificateValidityPeriod: validity,
        profiles,
        externalAccountBindingRequired: accounts !== undefined,
        externalAccountMACKeys: accounts ?? {},
      };
      await lab.write(guest, "/root/acme/pebble.json", JSON.stringify({ pebble }));
      const variables = `--setenv=PEBBLE_VA_NOSLEEP=1 --setenv=PEBBLE_AUTHZREUSE=0 --setenv=PEBBLE_WFE_NONCEREJECT=${rejectedNonces}`;
      const options = `-config /root/acme/pebble.json -dnsserver ${dns}`;
      await on(`systemd-run -q --unit pebble ${variables} pebble ${options}
for i in $(seq 300); do curl -sk https://127.0.0.1:14000/dir >/dev/null && exit 0; sleep 0.1; done; exit 1`);
    },
    stopPebble: async () => {
      await on("systemctl stop pebble || true; systemctl reset-failed pebble 2>/dev/null || true");
    },
    orders: async () =>
      Number(await on("journalctl -b -u pebble -o cat | grep -c 'Added order' || true")),
    pointSiteTo: async (to) => {
      const body = JSON.stringify({ host: site, addresses: [to] });
      await on(`curl -sf -d '${JSON.stringify({ host: site })}' http://127.0.0.1:8055/clear-a
curl -sf -d '${body}' http://127.0.0.1:8055/add-a`);
    },
    root: async () => {
      const path = join(lab.folder, "root.pem");
      await writeFile(path, await on("curl -sk https://127.0.0.1:15000/roots/0"));
      return path;
    },
  };
  const options = `-dns01 ${address}:53,127.0.0.1:53 -defaultIPv4 ${address} -defaultIPv6 ""`;
  const disabled = `-http01 "" -https01 "" -tlsalpn01 ""`;
  await on(`systemd-run -q --unit names pebble-challtestsrv ${options} ${disabled}
for i in $(seq 300); do curl -s http://127.0.0.1:8055/ >/dev/null && exit 0; sleep 0.1; done; exit 1`);
  return authority;
};

/** Checks that a machine has a valid certificate for the site, with this root (a file) as the only trusted one. */
export const verifyCertificate = (
  address: string,
  root: string,
): Promise<{ ok: boolean; output: string }> => {
  const trust = ["-CAfile", root, "-verify_return_error", "-verify_hostname", site];
  return sClient(address, "-servername", site, ...trust);
};

/** Connects to port 443 of a machine with `openssl s_client`. */
export const sClient = async (
  address: string,
  ...options: string[]
): Promise<{ ok: boolean; output: string }> => {
  const argv = ["s_client", "-connect", `${address}:443`, ...options];
  const running = run("openssl", argv, { timeout: 20_000 });
  running.child.stdin?.end();
  return running.then(
    ({ stdout, stderr }) => ({ ok: true, output: stdout + stderr }),
    (error: { stdout: string; stderr: string }) => ({
      ok: false,
      output: error.stdout + error.stderr,
    }),
  );
};

const pebbleConfiguration = {
  listenAddress: "0.0.0.0:14000",
  managementListenAddress: "127.0.0.1:15000",
  certificate: "/root/acme/server.pem",
  privateKey: "/root/acme/server.key",
  httpPort: 80,
  tlsPort: 443,
  ocspResponderURL: "",
};
