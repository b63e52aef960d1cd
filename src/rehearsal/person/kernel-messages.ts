import { randomUUID } from "node:crypto";

/** A message of a kernel; buffers are left out. */
export type KernelMessage = {
  channel: string;
  type: string;
  /** The id of the request that it answers. */
  parent: string | undefined;
  content: Record<string, unknown>;
};

/** The subprotocol of these frames: the number of offsets, the offsets (8 bytes each), the channel, four parts in JSON, buffers. */
export const kernelProtocol = "v1.kernel.websocket.jupyter.org";

/** A request as a frame, and its id. */
export const encodeRequest = (
  channel: "shell" | "control",
  type: string,
  session: string,
  content: object,
): { frame: Buffer; id: string } => {
  const id = randomUUID();
  const header = {
    msg_id: id,
    msg_type: type,
    session,
    username: "",
    date: new Date().toISOString(),
    version: "5.4",
  };
  const parts = [
    Buffer.from(channel),
    ...[header, {}, {}, content].map((part) => Buffer.from(JSON.stringify(part))),
  ];
  const head = Buffer.alloc(8 * (parts.length + 2));
  head.writeBigUInt64LE(BigInt(parts.length + 1));
  let offset = head.length;
  for (const [index, part] of parts.entries()) {
    head.writeBigUInt64LE(BigInt(offset), 8 * (index + 1));
    offset += part.length;
  }
  head.writeBigUInt64LE(BigInt(offset), 8 * (parts.length + 1));
  return { frame: Buffer.concat([head, ...parts]), id };
};

const mostOffsets = 64;

/** Reads a frame; undefined if it is none, as the server is its user's. */
export const decodeFrame = (frame: Buffer): KernelMessage | undefined => {
  try {
    const count = Number(frame.readBigUInt64LE(0));
    if (count < 6 || count > mostOffsets) return undefined;
    const offsets = Array.from({ length: count }, (_, index) =>
      Number(frame.readBigUInt64LE(8 * (index + 1))),
    );
    const part = (index: number): string =>
      frame.subarray(offsets[index], offsets[index + 1]).toString("utf8");
    const object = (index: number): Record<string, unknown> =>
      asObject(JSON.parse(part(index))) ?? {};
    const parent = object(2)["msg_id"];
    return {
      channel: part(0),
      type: String(object(1)["msg_type"]),
      parent: typeof parent === "string" ? parent : undefined,
      content: object(4),
    };
  } catch {
    return undefined;
  }
};

const asObject = (value: unknown): Record<string, unknown> | undefined =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
