/** One line of the table: a time of ours, what it is held against in the same run, and what we want. Milliseconds. */
export type Figure = {
  bench: string;
  what: string;
  ours: number;
  other?: { name: string; ms: number };
  goal?: Goal;
};

/** At most so many milliseconds, or at most this share of the other's time. */
export type Goal = { atMost: number } | { ratio: number };

/** The figures as a Markdown table under a heading, and the missed goals in words. */
export const markdown = (heading: string, figures: readonly Figure[]): string => {
  const rows = figures.map((figure) => {
    const { bench, what, ours, other } = figure;
    const compared =
      other === undefined
        ? ["", ""]
        : [`${other.name}: ${seconds(other.ms)}`, times(ours / other.ms)];
    return [bench, what, seconds(ours), ...compared, ...goalCells(figure)];
  });
  const head = ["", "what", "swarmhub", "held against", "ratio", "goal", ""];
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  const missed = figures.filter((figure) => isMet(figure) === false).map(missedWords);
  const words = missed.length === 0 ? ["Every goal is met."] : ["Missed:", ...missed];
  return [`**${heading}**`, "", ...lines, "", ...words, ""].join("\n");
};

/** The middle one of some numbers. */
export const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(
    Math.ceil(middle) - 1,
    Math.floor(middle) + 1,
  );
  return (low + high) / 2;
};

/** The number that so many percent of them do not exceed; NaN of none. */
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

/** Whether the goal is reached; undefined where there is none. */
const isMet = ({ ours, other, goal }: Figure): boolean | undefined => {
  if (goal === undefined) return undefined;
  if ("atMost" in goal) return ours <= goal.atMost;
  return other === undefined ? undefined : ours / other.ms <= goal.ratio;
};

const goalCells = (figure: Figure): [string, string] => {
  const met = isMet(figure);
  return [goalWords(figure), met === undefined ? "" : met ? "met" : "**missed**"];
};

const goalWords = ({ goal }: Figure): string => {
  if (goal === undefined) return "";
  return "atMost" in goal ? `≤ ${seconds(goal.atMost)}` : `≤ ${times(goal.ratio)}`;
};

const missedWords = (figure: Figure): string => {
  const { bench, what, ours, other, goal } = figure;
  const is =
    goal !== undefined && "ratio" in goal && other !== undefined
      ? `${times(ours / other.ms)} of ${other.name}`
      : seconds(ours);
  return `- ${bench}, ${what}: ${is}, wanted ${goalWords(figure)}`;
};
