import test from "ava";
import { formerMountsSteps, inspectFormerMounts } from "../../../src/pieces/cleanup/former-mounts.js";
import { inspectStranded, stopStrandedSteps } from "../../../src/pieces/hub/moved-homes.js";
import { describeSteps, runAll } from "../../support/class-of.js";
import { twoMachines } from "../../support/fakes.js";

const nfs = (address: string, home: string) => ({
  type: "nfs4",
  o: `addr=${address},rw,nfsvers=4.2,hard`,
  device: `:/srv/swarmhub/homes/${home}`,
});

const server = (home: string, address: string) => ({
  ID: `id-${home}`,
  Spec: {
    Name: `geo-101-nb-${home}`,
    Labels: { "swarmhub.class": "geo-101", "swarmhub.user": home },
    TaskTemplate: {
      ContainerSpec: {
        Mounts: [
          { Type: "tmpfs", Target: "/dev/shm" },
          {
            Type: "volume",
            VolumeOptions: { DriverConfig: { Name: "local", Options: nfs(address, home) } },
          },
        ],
      },
    },
  },
});

// The manager, with the homes, is at 10.0.0.1.
const cluster = (removed: string[] = []) =>
  twoMachines((name) => ({
    info: async () => ({ Swarm: { LocalNodeState: "active", ControlAvailable: true } }),
    listServices: async () => [server("ada", "10.0.0.9"), server("bob", "10.0.0.1")] as never,
    getService: (id: string) => ({ remove: async () => void removed.push(id) }) as never,
    listVolumes: (async ({ filters }: { filters: Record<string, string[]> }) => {
      if (filters["dangling"]?.[0] !== "true") throw new Error("would list volumes in use");
      const volume = (home: string, address: string) => ({
        Name: `swarmhub-geo-101-home-${home}`,
        Options: nfs(address, home),
      });
      const local = { Name: "swarmhub-geo-101-other", Options: null };
      const list = name === "worker" ? [volume("bob", "10.0.0.1"), local] : [];
      return { Volumes: [...list, volume("ada", "10.0.0.9")] };
    }) as never,
    getVolume: (volume: string) =>
      ({ remove: async () => void removed.push(`${name} ${volume}`) }) as never,
  }));

test("servers that mount their home from a former address of the storage are stopped, others stay", async (t) => {
  const removed: string[] = [];
  const present = cluster(removed);
  const steps = stopStrandedSteps(await inspectStranded(present), present);
  t.deepEqual(describeSteps(steps), [
    "manager: stop the server of one user, as the address of the homes changed (ada)",
  ]);
  await runAll(steps);
  t.deepEqual(removed, ["id-ada"]);
});

test("unused mounts of homes at a former address are removed, those of the present one stay", async (t) => {
  const removed: string[] = [];
  const steps = formerMountsSteps(await inspectFormerMounts(cluster(removed)));
  t.deepEqual(describeSteps(steps), [
    "manager: remove 1 mount of homes at a former address",
    "worker: remove 1 mount of homes at a former address",
  ]);
  await runAll(steps);
  t.deepEqual(removed, [
    "manager swarmhub-geo-101-home-ada",
    "worker swarmhub-geo-101-home-ada",
  ]);
});
