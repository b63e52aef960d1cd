import { randomUUID } from "node:crypto";
import type { WebSocket } from "ws";
import { printable } from "../../text/format.js";
import {
  type KernelMessage,
  decodeFrame,
  encodeRequest,
  kernelProtocol,
} from "./kernel-messages.js";
import type { Lab } from "./lab.js";

/** How a cell ended: `error` is what the code raised, `ended` that the kernel did not survive it. */
export type CellEnd = { kind: "ok" } | { kind: "error"; text: string } | { kind: "ended" };

/** A kernel that a notebook uses. */
export type Kernel = {
  /** Runs code to its end. Throws if the connection is lost, or after `cellMs`. */
  run: (code: string) => Promise<CellEnd>;
  close: () => void;
};

/** The longest that a cell may take. */
const cellMs = 300_000;

/** Opens the websocket of a kernel and waits until it answers. */
export const openKernel = async (
  { browser, base }: Lab,
  kernelId: string,
  signal: AbortSignal,
): Promise<Kernel> => {
  const session = randomUUID();
  const path = `api/kernels/${encodeURIComponent(kernelId)}/channels?session_id=${session}`;
  const socket = await browser.connect(new URL(path, base), kernelProtocol);
  const ask = (type: string, content: object): Promise<CellEnd> =>
    request(socket, { session, type, content, signal });
  await ask("kernel_info_request", {});
  return {
    run: (code) =>
      ask("execute_request", {
        code,
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: true,
      }),
    close: () => socket.close(),
  };
};

type Wanted = { session: string; type: string; content: object; signal: AbortSignal };

/** A request has ended when its reply and the state "idle" have come, in any order. */
const request = (socket: WebSocket, { session, type, content, signal }: Wanted): Promise<CellEnd> =>
  new Promise((resolve, reject) => {
    const { frame, id } = encodeRequest("shell", type, session, content);
    let reply: CellEnd | undefined;
    let isIdle = false;
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      socket.off("message", onMessage).off("close", onClose);
      signal.removeEventListener("abort", onAbort);
      finish();
    };
    const onMessage = (data: Buffer): void => {
      const message = decodeFrame(data);
      if (message === undefined) return;
      if (hasEnded(message)) return settle(() => resolve({ kind: "ended" }));
      if (message.parent !== id) return;
      if (message.type === type.replace("_request", "_reply")) reply = endOf(message);
      if (stateOf(message) === "idle") isIdle = true;
      const end = reply;
      if (end !== undefined && isIdle) settle(() => resolve(end));
    };
    const onClose = (): void =>
      settle(() => reject(new Error("the connection to the kernel was lost")));
    const onAbort = (): void => settle(() => reject(new Error("the rehearsal was stopped")));
    const timer = setTimeout(
      () =>
        settle(() => reject(new Error(`the kernel did not answer within ${cellMs / 60_000} min`))),
      cellMs,
    );
    socket.on("message", onMessage).once("close", onClose);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    else socket.send(frame);
  });

const stateOf = ({ type, content }: KernelMessage): unknown =>
  type === "status" ? content["execution_state"] : undefined;

/** The server itself says so when a kernel is gone (jupyter_server, on_kernel_restarted and on_restart_failed). */
const hasEnded = (message: KernelMessage): boolean =>
  ["restarting", "autorestarting", "dead"].includes(String(stateOf(message)));

const endOf = ({ content }: KernelMessage): CellEnd => {
  if (content["status"] === "ok" || content["status"] === undefined) return { kind: "ok" };
  const text = [content["ename"], content["evalue"]].filter((part) => typeof part === "string");
  return { kind: "error", text: printable(text.join(": ")).slice(0, 200) || "an error" };
};
