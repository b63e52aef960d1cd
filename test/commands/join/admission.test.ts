import test from "ava";
import { diskSpace } from "../../../src/checks/disk-space.js";
import { planCheck } from "../../../src/checks/plan.js";
import { system } from "../../../src/checks/system.js";
import { admissionRefusals } from "../../../src/commands/join/admission.js";
import { exitCode } from "../../../src/errors.js";
import type { Facts } from "../../../src/host/facts.js";
import type { Host } from "../../../src/host/host.js";
import { packages } from "../../../src/pieces/packages.js";
import { swarm } from "../../../src/pieces/swarm.js";
import type { Piece } from "../../../src/reconcile/piece.js";
import { fakeOperator } from "../../checks/support/context.js";
import { wire } from "../../checks/support/wired.js";
import { fakeCluster, fakeFacts, fakeHost, userError } from "../../support/fakes.js";

// Not the pieces that need our images, which `npm run build` makes.
const checks = [system, diskSpace, planCheck([packages, swarm] as readonly Piece[])];

/** A blank machine at 10.77.0.LAST; any call of its Docker fails the test. What is sent to an address ending in 99 is lost. */
const blank = (name: string, last: number, changes: Partial<Facts> = {}) => {
  const host = fakeHost(name, {
    facts: fakeFacts({
      machineId: name,
      addresses: [{ device: "eth0", address: `10.77.0.${last}`, prefix: 24, mtu: 1500 }],
      ...changes,
    }),
    answers: [
      ["readlink", "path /dev/ubdb\n"],
      ["date", "1000.0"],
      ["", ""],
    ],
  });
  wire([host], ({ to, port }) => to === "10.77.0.99" && port === "4789/udp");
  return host;
};
const manager = blank("manager", 11);
const worker = blank("worker", 12);

const refusals = async (...newcomers: Host[]) => {
  const clusterWith = (more: readonly Host[]) => fakeCluster<Host>(manager, [worker, ...more]);
  const refused = await admissionRefusals(newcomers, clusterWith, fakeOperator(), checks);
  return [...refused.values()].map(({ message }) => message);
};

test("suitable machines may join", async (t) => {
  t.deepEqual(await refusals(blank("new1", 13), blank("new2", 14)), []);
});

test("each unsuitable machine has its reason, and the others may join", async (t) => {
  const messages = await refusals(
    blank("twin", 13, { machineId: "worker" }),
    blank("good", 14),
    blank("old", 15, { system: { id: "debian", like: [], version: "10", name: "Debian 10" } }),
    blank("bare", 16, { missingModules: ["vxlan"] }),
    blank("older", 17, { system: { id: "debian", like: [], version: "9", name: "Debian 9" } }),
    blank("full", 18, {
      dockerDisks: [
        { path: "/", bytes: 1e9, freeBytes: 1000, freeForRoot: 1000, files: 0, freeFiles: 0 },
      ],
    }),
  );
  t.is(messages.length, 5);
  for (const part of [
    /^twin: this is the same machine as worker/,
    /^old: the system is Debian 10/,
    /^bare: .*VXLAN/,
    /^older:/,
    /^full:/,
  ])
    t.true(
      messages.some((message) => part.test(message)),
      `${part.source} in ${messages.join("; ")}`,
    );
});

test("a machine whose port for the overlay network is closed is refused before the class changes", async (t) => {
  const [message, ...others] = await refusals(blank("good", 13), blank("closed", 99));
  t.deepEqual(others, []);
  t.regex(
    message ?? "",
    /^closed: from manager, worker, good: 4789\/udp of closed \(10\.77\.0\.99\) cannot/,
  );
});

test("of two names of one machine the first may join", async (t) => {
  const again = blank("again", 13, { machineId: "new" });
  t.regex(
    (await refusals(blank("new", 13), again))[0] ?? "",
    /again: this is the same machine as new/,
  );
});

test("a machine outside the shared network is refused, since all others would get new addresses", async (t) => {
  const elsewhere = [{ device: "eth0", address: "192.0.2.7", prefix: 24, mtu: 1500 }];
  const world = [manager, worker].map((host, index) => ({
    host,
    facts: fakeFacts({
      machineId: host.name,
      addresses: [
        { device: "eth0", address: `198.51.100.${index + 1}`, prefix: 32, mtu: 1500 },
        { device: "eth1", address: `10.77.0.${11 + index}`, prefix: 24, mtu: 1500 },
      ],
    }),
  }));
  const hosts = world.map(({ host, facts }) =>
    Object.assign(blank(host.name, 1), { facts: async () => facts }),
  );
  const clusterWith = (more: readonly Host[]) => fakeCluster<Host>(hosts[0]!, [hosts[1]!, ...more]);
  const stranger = blank("new", 1, { addresses: elsewhere });
  const refused = await admissionRefusals([stranger], clusterWith, fakeOperator(), checks);
  t.regex(
    refused.get(stranger)?.message ?? "",
    /^new: no network card is in the network that the machines of the class share \(10\.77\.0\.11, 10\.77\.0\.12/,
  );
});

test("a problem of the class itself is not blamed on a newcomer", async (t) => {
  const broken = blank("manager", 11, { missingModules: ["overlay"] });
  const clusterWith = (more: readonly Host[]) => fakeCluster<Host>(broken, [worker, ...more]);
  const error = await userError(
    admissionRefusals([blank("new", 13)], clusterWith, fakeOperator(), checks),
  );
  t.is(error.code, exitCode.preflight);
  t.regex(error.message, /^manager: .*overlay/);
});
