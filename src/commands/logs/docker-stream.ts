/** A line of a container's log. */
export type LogLine = { stream: "stdout" | "stderr"; line: string };

/**
 * The lines of Docker's log as they come. Docker puts 8 bytes before each frame: the stream, three zeros, the length; it
 * does not for a container with a terminal.
 */
export const linesOf = async function* (
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<LogLine> {
  const rest = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  for await (const { stream, bytes } of framesOf(chunks)) {
    const lines = (rest[stream] + decoders[stream].decode(bytes, { stream: true })).split("\n");
    rest[stream] = lines.pop() ?? "";
    for (const line of lines) yield { stream, line };
  }
  for (const stream of ["stdout", "stderr"] as const)
    if (rest[stream] !== "") yield { stream, line: rest[stream] };
};

type Frame = { stream: LogLine["stream"]; bytes: Uint8Array };

const framesOf = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let buffer = Buffer.alloc(0);
  let isFramed: boolean | undefined;
  for await (const chunk of chunks) {
    buffer = Buffer.concat([buffer, chunk]);
    isFramed ??= buffer.length < 4 ? undefined : isHeader(buffer);
    if (isFramed === false) {
      yield { stream: "stdout", bytes: buffer };
      buffer = Buffer.alloc(0);
    }
    for (let end = endOf(buffer); isFramed === true && end !== undefined; end = endOf(buffer)) {
      yield { stream: buffer[0] === 2 ? "stderr" : "stdout", bytes: buffer.subarray(8, end) };
      buffer = buffer.subarray(end);
    }
  }
  if (isFramed !== true && buffer.length > 0) yield { stream: "stdout", bytes: buffer };
};

const isHeader = (buffer: Buffer): boolean =>
  (buffer[0] ?? 3) <= 2 && buffer[1] === 0 && buffer[2] === 0 && buffer[3] === 0;

/** Where the first frame ends; undefined while it is incomplete. */
const endOf = (buffer: Buffer): number | undefined => {
  if (buffer.length < 8) return undefined;
  const end = 8 + buffer.readUInt32BE(4);
  return buffer.length >= end ? end : undefined;
};
