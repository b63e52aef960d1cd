import test from "ava";
import { dockerNetworksCheck } from "../../src/checks/docker-networks.js";
import { classOf } from "../support/class-of.js";
import { contextOf, lines } from "./support/context.js";

const classWith = (answer: string, config: object = {}) =>
  classOf(0, { answers: [[/nameserver/, answer]], config });

test("an address that Docker's networks will hide is an error before Docker is installed", async (t) => {
  const cluster = classWith(
    "name 172.17.0.53\nlogin [::ffff:172.18.4.5]\nlogin 172.18.4.5\nname 9.9.9.9\n",
  );
  const found = await dockerNetworksCheck.run(contextOf(cluster));
  t.deepEqual(lines(found), [
    "error manager: Docker's network 172.17.0.0/16 will contain 172.17.0.53, its name server, which the machine could then not reach",
    "error manager: Docker's network 172.18.0.0/16 will contain 172.18.4.5, from where somebody is logged in, which the machine could then not reach",
  ]);
  t.regex(found[0]?.hint ?? "", /`engine: \{address-pool: 10\.210\.0\.0\/16\}`/);
});

test("with an address pool those addresses are free, and the pool's own are not", async (t) => {
  const engine = { registryMirrors: ["https://mirror.example.org"], addressPool: "10.210.0.0/16" };
  const cluster = classWith("login 172.18.4.5\n", { engine });
  const operator = { lookup: async () => ["10.210.3.4", "2001:db8::1"] };
  t.deepEqual(lines(await dockerNetworksCheck.run(contextOf(cluster, { operator }))), [
    "error manager: Docker's network 10.210.0.0/16 will contain 10.210.3.4, the registry mirror mirror.example.org, which the machine could then not reach",
  ]);
});

test("the HTTP proxy is a server that the machines must reach, named once", async (t) => {
  const [http, https] = ["http://proxy.example.org:3128", "http://172.18.0.9:3129"];
  const cluster = classWith("", { proxy: { http, https, except: [] } });
  const lookup = async (name: string) => (name === "proxy.example.org" ? ["172.17.3.1"] : [name]);
  t.deepEqual(lines(await dockerNetworksCheck.run(contextOf(cluster, { operator: { lookup } }))), [
    "error manager: Docker's network 172.17.0.0/16 will contain 172.17.3.1, the HTTP proxy proxy.example.org, which the machine could then not reach",
    "error manager: Docker's network 172.18.0.0/16 will contain 172.18.0.9, the HTTP proxy 172.18.0.9, which the machine could then not reach",
  ]);
  const same = classWith("", { proxy: { http, https: http, except: [] } });
  t.is((await dockerNetworksCheck.run(contextOf(same, { operator: { lookup } }))).length, 1);
});

test("a Docker that is there counts with the networks that it has", async (t) => {
  const cluster = classWith("login 172.18.4.5\nname 192.168.5.1\n");
  const addresses = [
    { device: "eth0", address: "10.77.0.11", prefix: 24, mtu: 1500 },
    { device: "docker0", address: "192.168.0.1", prefix: 20, mtu: 1500 },
  ];
  const facts = { packages: { "docker.io": "26.1.5" }, addresses };
  t.deepEqual(lines(await dockerNetworksCheck.run(contextOf(cluster, { facts }))), [
    "error manager: Docker's network 192.168.0.0/20 contains 192.168.5.1, its name server, which the machine could then not reach",
  ]);
});
