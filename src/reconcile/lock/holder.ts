import { readFileSync, readlinkSync } from "node:fs";

/** The holder of a lock; `token` identifies the run. */
export type Holder = Self & { token: string; who: string };

/** A process, as other processes on its machine can identify it. `place` names the kernel and the process table of its id. */
export type Self = { pid: number; place?: string };

/** This process. Without /proc its place is unknown, and nobody can tell whether it has ended. */
export const self = (): Self => {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return { pid: process.pid, place: `${boot} ${readlinkSync("/proc/self/ns/pid")}` };
  } catch {
    return { pid: process.pid };
  }
};

/** Whether the holder is a process of the same place as `me` that has ended; false where nobody can know. */
export const isGone = (holder: Partial<Self>, me: Self): boolean => {
  const { pid, place } = holder;
  if (place === undefined || place !== me.place || pid === undefined || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
};
