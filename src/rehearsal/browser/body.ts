import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import { createGunzip } from "node:zlib";

/** Bytes of one answer, after its compression: a user's server may send anything without an end. */
const longest = 64 * 2 ** 20;
const longestLine = 64 * 2 ** 10;

/** Reads an answer to its end; with `keep` as text, or line by line. Throws if it is too long. */
export const readBody = async (
  response: IncomingMessage,
  { keep, onLine }: { keep: boolean; onLine?: ((line: string) => void) | undefined },
): Promise<{ body: string; bytes: number }> => {
  let bytes = 0;
  response.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes > longest) response.destroy(tooLong());
  });
  if (onLine !== undefined) {
    await readLines(response, onLine);
    return { body: "", bytes };
  }
  const isPacked = keep && response.headers["content-encoding"] === "gzip";
  const body = await readAll(isPacked ? unpack(response) : response, keep);
  return { body, bytes };
};

const tooLong = (): Error => new Error("the answer is too long");

const unpack = (response: IncomingMessage): Readable => {
  const unpacked = createGunzip();
  response.on("error", (error) => unpacked.destroy(error));
  response.on("close", () => {
    if (!response.complete) unpacked.destroy(new Error("the connection was closed"));
  });
  return response.pipe(unpacked);
};

const readAll = async (source: Readable, keep: boolean): Promise<string> => {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of source as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > longest) throw tooLong();
    if (keep) parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
};

const readLines = async (source: Readable, onLine: (line: string) => void): Promise<void> => {
  let rest = "";
  for await (const part of source as AsyncIterable<Buffer>) {
    const lines = (rest + part.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > longestLine) throw tooLong();
    for (const line of lines) onLine(line);
  }
  if (rest !== "") onLine(rest);
};
