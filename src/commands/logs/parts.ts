/** The parts of the system that have a log. */
export const parts: readonly string[] = ["hub", "proxy", "edge", "quota", "registry"];
