/** One row of the table: our time, the time to compare with in the same run, and the goal; milliseconds. */
export type Figure = {
  bench: string;
  what: string;
  ours: number;
  other?: { name: string; ms: number };
  goal?: Goal;
};

/** The maximum in milliseconds, or as a ratio to the other time. */
export type Goal = { atMost: number } | { ratio: number };

/** The figures as a Markdown table with a heading, followed by the missed goals. */
export const markdown = (heading: string, figures: readonly Figure[]): string => {
  const rows = figures.map(cellsOf);
  const head = ["", "what", "swarmhub", "compared with", "ratio", "goal", ""];
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const missed = figures.filter((figure) => isMet(figure) === false).map(describeMissed);
  const summary = missed.length === 0 ? ["Every goal is met."] : ["Missed:", ...missed];
  return [`**${heading}**`, "", ...lines, "", ...summary, ""].join("\n");
};

/** The cells of a figure: benchmark, what, our time, the other time, ratio, goal, whether it is met. */
export const cellsOf = (figure: Figure): string[] => {
  const { bench, what, ours, other } = figure;
  const compared =
    other === undefined
      ? ["", ""]
      : [`${other.name}: ${seconds(other.ms)}`, times(ours / other.ms)];
  return [bench, what, seconds(ours), ...compared, ...goalCells(figure)];
};

/** The median of some numbers. */
export const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(
    Math.ceil(middle) - 1,
    Math.floor(middle) + 1,
  );
  return (low + high) / 2;
};

/** The smallest number that this percentage of the numbers does not exceed; NaN for an empty list. */
export const percentile = (numbers: readonly number[], percent: number): number => {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.max(1, Math.ceil((sorted.length * percent) / 100)) - 1] ?? Number.NaN;
};

/** "3.4 ms", "84 ms", "2.31 s", "5 min 12 s"; "never" */
export const seconds = (ms: number): string => {
  if (ms === Infinity) return "never";
  if (ms < 9.95) return `${Number(ms.toFixed(1))} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 100_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
};

const times = (ratio: number): string => `${ratio.toFixed(ratio < 0.095 ? 3 : 2)}×`;

/** Whether the goal is met; undefined without a goal. */
const isMet = ({ ours, other, goal }: Figure): boolean | undefined => {
  if (goal === undefined) return undefined;
  if ("atMost" in goal) return ours <= goal.atMost;
  return other === undefined ? undefined : ours / other.ms <= goal.ratio;
};

const goalCells = (figure: Figure): [string, string] => {
  const met = isMet(figure);
  return [describeGoal(figure), met === undefined ? "" : met ? "met" : "**missed**"];
};

const describeGoal = ({ goal }: Figure): string => {
  if (goal === undefined) return "";
  return "atMost" in goal ? `≤ ${seconds(goal.atMost)}` : `≤ ${times(goal.ratio)}`;
};

const describeMissed = (figure: Figure): string => {
  const { bench, what, ours, other, goal } = figure;
  const is =
    goal !== undefined && "ratio" in goal && other !== undefined
      ? `${times(ours / other.ms)} of ${other.name}`
      : seconds(ours);
  return `- ${bench}, ${what}: ${is}, goal ${describeGoal(figure)}`;
};
