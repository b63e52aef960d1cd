import type { Host } from "./host.js";

/** Says how far a step is, in a few words: "pulling 40 %". */
export type Progress = (text: string) => void;

/** One change to one machine, printable before it runs. */
export type Step = {
  host: Host;
  title: string;
  detail?: string;
  /** What is lost for ever by this step, in words; asked about first. */
  destroys?: string;
  /** Steps of the same plan, on other hosts, that must be done before. */
  after?: readonly Step[];
  run: (progress: Progress) => Promise<unknown>;
};
