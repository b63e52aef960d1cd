/** A line of a container's log. */
export type LogLine = { stream: "stdout" | "stderr"; line: string };

/**
 * The lines of Docker's log as they come. Docker puts 8 bytes before each piece: the stream, three zeros, the length; not
 * so for a container with a terminal.
 */
export const linesOf = async function* (
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<LogLine> {
  const rest = { stdout: "", stderr: "" };
  const decoders = { stdout: new TextDecoder(), stderr: new TextDecoder() };
  for await (const { stream, bytes } of piecesOf(chunks)) {
    const parts = (rest[stream] + decoders[stream].decode(bytes, { stream: true })).split("\n");
    rest[stream] = parts.pop() ?? "";
    for (const line of parts) yield { stream, line };
  }
  for (const stream of ["stdout", "stderr"] as const)
    if (rest[stream] !== "") yield { stream, line: rest[stream] };
};

type Piece = { stream: LogLine["stream"]; bytes: Uint8Array };

const piecesOf = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Piece> {
  let buffer = Buffer.alloc(0);
  let framed: boolean | undefined;
  for await (const chunk of chunks) {
    buffer = Buffer.concat([buffer, chunk]);
    framed ??= buffer.length < 4 ? undefined : isHeader(buffer);
    if (framed === false) {
      yield { stream: "stdout", bytes: buffer };
      buffer = Buffer.alloc(0);
    }
    for (let end = endOf(buffer); framed === true && end !== undefined; end = endOf(buffer)) {
      yield { stream: buffer[0] === 2 ? "stderr" : "stdout", bytes: buffer.subarray(8, end) };
      buffer = buffer.subarray(end);
    }
  }
  if (framed !== true && buffer.length > 0) yield { stream: "stdout", bytes: buffer };
};

const isHeader = (buffer: Buffer): boolean =>
  (buffer[0] ?? 3) <= 2 && buffer[1] === 0 && buffer[2] === 0 && buffer[3] === 0;

/** Where the first piece ends, undefined where not all of it is there. */
const endOf = (buffer: Buffer): number | undefined => {
  if (buffer.length < 8) return undefined;
  const end = 8 + buffer.readUInt32BE(4);
  return buffer.length >= end ? end : undefined;
};
