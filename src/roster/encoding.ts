import { isUtf8 } from "node:buffer";

/** How a file of text is stored; `mark` is its byte order mark. */
export type Encoding = { name: "utf-8" | "utf-16le" | "utf-16be" | "windows-1252"; mark: boolean };

/**
 * Decodes a CSV file: UTF-16 with a byte order mark, else UTF-8 if it is valid, else Windows-1252, which Excel writes in
 * Western countries and which has all letters of Latin-1.
 */
export const decode = (bytes: Uint8Array): { text: string; encoding: Encoding } => {
  const encoding = encodingOf(bytes);
  return { text: new TextDecoder(encoding.name).decode(bytes), encoding };
};

/** Encodes a text in the same way; undefined if it has a letter that Windows-1252 lacks. */
export const encode = (text: string, { name, mark }: Encoding): Buffer | undefined => {
  if (name === "windows-1252") return toWindows1252(text);
  const marked = mark ? `\uFEFF${text}` : text;
  if (name === "utf-8") return Buffer.from(marked);
  const bytes = Buffer.from(marked, "utf16le");
  return name === "utf-16le" ? bytes : bytes.swap16();
};

const encodingOf = (bytes: Uint8Array): Encoding => {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return { name: "utf-16le", mark: true };
  if (first === 0xfe && second === 0xff) return { name: "utf-16be", mark: true };
  if (!isUtf8(bytes)) return { name: "windows-1252", mark: false };
  const mark = first === 0xef && second === 0xbb && bytes[2] === 0xbf;
  return { name: "utf-8", mark };
};

/** Node encodes no Windows-1252, but decodes it: the table of all 256 bytes, turned around. */
const toWindows1252 = (text: string): Buffer | undefined => {
  const all = new TextDecoder("windows-1252").decode(
    Uint8Array.from({ length: 256 }, (_, at) => at),
  );
  const byteOf = new Map(Array.from(all).map((letter, byte) => [letter, byte]));
  const bytes = Array.from(text).map((letter) => byteOf.get(letter));
  return bytes.includes(undefined) ? undefined : Buffer.from(bytes as number[]);
};
