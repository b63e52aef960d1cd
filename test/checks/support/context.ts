import type {
  CheckContext,
  Finding,
  Listener,
  OperatorMachine,
} from "../../../src/checks/check.js";
import type { Facts } from "../../../src/host/facts.js";
import { type classOf, machinesOf } from "../../support/class-of.js";

/** A world where nobody knows a name or answers a page, at a time that stands still. */
export const fakeWorld = (world: Partial<OperatorMachine> = {}): OperatorMachine => ({
  now: () => 1_000_000,
  lookup: async () => {
    throw new Error("ENOTFOUND");
  },
  issuers: async () => [],
  fetch: async (url) => {
    throw new Error(`fetch of ${url} was not foreseen`);
  },
  ...world,
});

/** What a check is given: blank machines with changes to all (`facts`) and to some by name. */
export const contextOf = (
  cluster: ReturnType<typeof classOf>,
  {
    facts = {},
    some = {},
    listening = {},
    world = {},
  }: {
    facts?: Partial<Facts>;
    some?: Record<string, Partial<Facts>>;
    /** What listens, by the host's name. */
    listening?: Record<string, readonly Listener[]>;
    world?: Partial<OperatorMachine>;
  } = {},
): CheckContext => ({
  cluster,
  machines: machinesOf(cluster, facts, some),
  listening: ({ name }) => listening[name] ?? [],
  world: fakeWorld(world),
});

/** Findings as lines: "error manager: port 443 is in use …". */
export const lines = (findings: readonly Finding[]): string[] =>
  findings.map(
    ({ host, level, text }) => `${level}${host === undefined ? "" : ` ${host}`}: ${text}`,
  );
