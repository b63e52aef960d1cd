import { readAsset } from "../../operator/assets.js";

/** The program that reports a machine's state, and on the manager collects the reports. */
export const reportProgram = (): string => program("report");

/** The program that measures users' writable layers. */
export const layersProgram = (): string => program("layers");

const program = (name: string): string =>
  readAsset("monitor/common.pl") + readAsset(`monitor/${name}.pl`);
