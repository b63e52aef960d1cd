import { type Lab, bootLab } from "../e2e/support/lab.js";
import { compareRenewals } from "./edge-renewals.js";
import { type EdgeStage, startEdgeStage } from "./edge-stage.js";
import { type Figure, median, seconds } from "./figure.js";
import { runLoad } from "./in-namespace.js";
import type { Load, Rates, Site } from "./load/result.js";
import type { Report } from "./measure-no-op.js";

const turns = 5;

/** P8, on one machine: the cost of requests through the edge compared with the proxy alone, and the effect of a renewal on open websockets. */
export const measureEdge = async (keep: boolean, { attempt, add, note }: Report): Promise<void> => {
  const lab = await bootLab("bench-edge", 1, 2048, { prepared: true });
  try {
    const edgeStage = await startEdgeStage(lab);
    const lines: string[] = [];
    for (const { what, load, sites, figures } of comparisons(edgeStage))
      await attempt(`P8: ${what}`, async () => {
        const result = await measureAlternately(lab, load, sites);
        add(figures(result, what));
        lines.push(`- ${what}: ${describe(result.edge)}; directly ${describe(result.proxy)}`);
      });
    note("P8: through the edge, and directly", lines.join("\n"));
    await attempt("P8: renewals", async () =>
      note("P8: 50 open websockets and a renewal", await compareRenewals(lab, edgeStage)),
    );
  } finally {
    if (!keep) await lab.lab("down");
  }
};

type RatesPair = Record<"edge" | "proxy", Rates>;
type Comparison = {
  what: string;
  load: (site: Site) => Exclude<Load, { kind: "watch" }>;
  sites: Record<"edge" | "proxy", Site>;
  figures: (rates: RatesPair, what: string) => Figure[];
};

const comparisons = ({ sites, small, large }: EdgeStage): Comparison[] => {
  const { edge, http2, proxy } = sites;
  const atOnce = { kind: "at once", connections: 16, seconds: 4 } as const;
  const paced = { kind: "paced", connections: 16, perSecond: 20, seconds: 10 } as const;
  const connections = { kind: "connections", count: 60, ...small } as const;
  const echo = { kind: "echo", sockets: 20, seconds: 4 } as const;
  return [
    {
      what: "1,000 small answers over 16 connections",
      load: (site) => ({ ...atOnce, ...small, site }),
      sites: { edge, proxy },
      figures: perThousand,
    },
    {
      what: "1,000 answers of 100 kB over 16 connections",
      load: (site) => ({ ...atOnce, ...large, site }),
      sites: { edge, proxy },
      figures: perThousand,
    },
    {
      what: "1,000 small answers over 16 connections, HTTP/2",
      load: (site) => ({ ...atOnce, ...small, site }),
      sites: { edge: http2, proxy },
      figures: perThousand,
    },
    {
      what: "a small answer at 20 a second",
      load: (site) => ({ ...paced, ...small, site }),
      sites: { edge, proxy },
      figures: p99AndP50,
    },
    {
      what: "an answer of 100 kB at 20 a second",
      load: (site) => ({ ...paced, ...large, site }),
      sites: { edge, proxy },
      figures: p99AndP50,
    },
    {
      what: "1,000 round trips over 20 websockets",
      load: (site) => ({ ...echo, perSecond: 0, site }),
      sites: { edge, proxy },
      figures: perThousand,
    },
    {
      what: "a round trip over 20 websockets at 100 a second",
      load: (site) => ({ ...echo, perSecond: 100, site }),
      sites: { edge, proxy },
      figures: p99AndP50,
    },
    {
      what: "a new connection and a small answer",
      load: (site) => ({ ...connections, isResumed: false, site }),
      sites: { edge, proxy },
      figures: p50Only,
    },
    {
      what: "the same with a resumed TLS session",
      load: (site) => ({ ...connections, isResumed: true, site }),
      sites: { edge, proxy },
      figures: p50Only,
    },
  ];
};

/** Measures both alternately, so that a busy moment of the machine affects both. Returns the medians. */
const measureAlternately = async (
  lab: Lab,
  load: Comparison["load"],
  sites: Comparison["sites"],
): Promise<RatesPair> => {
  const edge: Rates[] = [];
  const proxy: Rates[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    edge.push(await runLoad(lab, load(sites.edge)));
    proxy.push(await runLoad(lab, load(sites.proxy)));
  }
  return { edge: mediansOf(edge), proxy: mediansOf(proxy) };
};

const mediansOf = (all: readonly Rates[]): Rates => {
  const of = (key: keyof Rates) => median(all.map((rates) => rates[key]));
  return { perSecond: of("perSecond"), p50: of("p50"), p99: of("p99"), cpu: of("cpu") };
};

/** The rate as the time for a thousand, so that less is better as in all other rows. */
const perThousand: Comparison["figures"] = ({ edge, proxy }, what) => [
  {
    bench: "P8",
    what,
    ours: 1e6 / edge.perSecond,
    other: { name: "the proxy directly", ms: 1e6 / proxy.perSecond },
    // At least 0.9 of the rate.
    goal: { ratio: 1 / 0.9 },
  },
];

const p99AndP50: Comparison["figures"] = ({ edge, proxy }, what) => [
  {
    bench: "P8",
    what: `${what}, p99`,
    ours: edge.p99,
    other: { name: "the proxy directly", ms: proxy.p99 },
    goal: { ratio: 1.2 },
  },
  {
    bench: "P8",
    what: `${what}, p50`,
    ours: edge.p50,
    other: { name: "the proxy directly", ms: proxy.p50 },
  },
];

const p50Only: Comparison["figures"] = ({ edge, proxy }, what) => [
  {
    bench: "P8",
    what: `${what}, p50`,
    ours: edge.p50,
    other: { name: "the proxy directly, no TLS", ms: proxy.p50 },
  },
];

const describe = ({ perSecond, p50, p99, cpu }: Rates): string =>
  `${perSecond.toFixed(perSecond < 100 ? 1 : 0)} a second, p50 ${seconds(p50)}, p99 ${seconds(p99)} (the client took ${Math.round(cpu * 100)} % of a core)`;
