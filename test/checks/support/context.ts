import type {
  CheckContext,
  Finding,
  Listener,
  OperatorMachine,
} from "../../../src/checks/check.js";
import type { Facts } from "../../../src/host/facts.js";
import { type classOf, machinesOf } from "../../support/class-of.js";

/** A fake operator machine: a fixed time, no DNS names and no web pages. */
export const fakeOperator = (operator: Partial<OperatorMachine> = {}): OperatorMachine => ({
  now: () => 1_000_000,
  lookup: async () => {
    throw new Error("ENOTFOUND");
  },
  issuers: async () => [],
  fetch: async (url) => {
    throw new Error(`fetch of ${url} was not foreseen`);
  },
  ...operator,
});

/** The input of a check: blank machines with changes to all (`facts`) and to some by name. */
export const contextOf = (
  cluster: ReturnType<typeof classOf>,
  {
    facts = {},
    some = {},
    listening = {},
    operator = {},
  }: {
    facts?: Partial<Facts>;
    some?: Record<string, Partial<Facts>>;
    /** The listening programs by the host's name. */
    listening?: Record<string, readonly Listener[]>;
    operator?: Partial<OperatorMachine>;
  } = {},
): CheckContext => ({
  cluster,
  whole: cluster,
  machines: machinesOf(cluster, facts, some),
  listening: ({ name }) => listening[name] ?? [],
  operator: fakeOperator(operator),
});

/** Findings as lines: "error manager: port 443 is in use …". */
export const lines = (findings: readonly Finding[]): string[] =>
  findings.map(
    ({ host, level, text }) => `${level}${host === undefined ? "" : ` ${host}`}: ${text}`,
  );
