import { isIP } from "node:net";
import { type Reader, type Reject, didYouMean, reader } from "./reader.js";

/** The name of a class. */
export const classNameFrom = reader(
  { what: "a class name", example: "geo-101" },
  (text, reject): string => {
    if (!/^(?!-)[a-z0-9-]{1,40}(?<!-)$/.test(text))
      throw reject(
        "1 to 40 of a-z, 0-9 and hyphens, with no hyphen at either end",
        didYouMean(classNameNear(text)),
      );
    return text;
  },
);

/** A domain name in lower case. */
export const domainFrom = reader(
  { what: "a domain name", example: "geo.example.org" },
  (text, reject): string => {
    if (isIP(text) !== 0)
      throw reject(
        "not an address",
        "delete the line to use the manager's address, or name another one as public-address",
      );
    if (/[/:]/.test(text)) throw reject("without https://, port and path");
    if (/[^\x20-\x7e]/.test(text))
      throw reject("letters outside a-z need their xn-- form, such as xn--gewsser-9wa.de");
    if (
      !/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/.test(
        text,
      )
    )
      throw reject("parts of a-z, 0-9 and hyphens, joined by dots, in lower case");
    return text;
  },
);

/** A line of text for users, of at most so many characters. */
export const lineFrom = (what: string, example: string, maximum: number): Reader<string> =>
  reader({ what, example }, (text, reject) => {
    if (text.trim() === "") throw reject("not empty");
    if (/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text))
      throw reject("one line without control characters");
    if (text.length > maximum) throw reject(`at most ${maximum} characters`);
    return text.trim();
  });

/** A user's name as the hub writes it: in lower case, as an administrator would otherwise not be recognised. */
export const userFrom = reader({ what: "a user name", example: "ada" }, (text, reject): string => {
  if (text !== text.toLowerCase())
    throw reject("the hub turns names into lower case", didYouMean(text.toLowerCase()));
  if (!/^[a-z0-9][a-z0-9._@+-]{0,63}$/.test(text))
    throw reject("1 to 64 of a-z, 0-9 and . _ @ + -");
  return text;
});

/** A block device's path. */
export const deviceFrom = reader(
  { what: "a block device", example: "/dev/vdb or /dev/disk/by-id/…" },
  (text, reject): string => {
    if (!text.startsWith("/dev/"))
      throw reject(
        "its path begins with /dev/",
        /^[a-z][a-z0-9]+$/.test(text) ? didYouMean(`/dev/${text}`) : undefined,
      );
    if (!/^\/dev(\/[\w:+@=,-][\w.:+@=,-]*)+$/.test(text))
      throw reject("letters, digits and . _ : + @ = , - between its slashes");
    return text;
  },
);

/** The path of a file or folder, absolute or beside swarmhub.yaml. */
export const pathFrom = (what: string, example: string): Reader<string> =>
  reader({ what, example }, checkedPath);

/** A path that can be opened as it is written. */
export const checkedPath = (text: string, reject: Reject): string => {
  if (text.trim() === "" || text.includes("\0")) throw reject();
  if (text.startsWith("~")) throw reject("~ is not expanded here", "write the path in full");
  return text;
};

/** How servers are distributed over the machines. */
export const strategyFrom = reader(
  { what: "spread (evenly over all machines) or pack (one machine full before the next)" },
  (text, reject): "spread" | "pack" => {
    if (text === "spread" || text === "pack") return text;
    throw reject();
  },
);

/** An e-mail address as a certificate authority takes it. */
export const emailFrom = reader(
  { what: "an e-mail address", example: "teacher@example.org" },
  (text, reject): string => {
    if (!/^[A-Za-z0-9._%+-]{1,64}@[^@]+$/.test(text)) throw reject("name@domain, in plain letters");
    try {
      domainFrom(text.replace(/^.*@/, "").toLowerCase());
    } catch {
      throw reject("the part after @ is not a domain name");
    }
    return text;
  },
);

/** The class name nearest to a text; "class" if no character of it can stay. */
export const classNameNear = (text: string): string => {
  const words = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  const near = words.slice(0, 40).replaceAll(/^-+|-+$/g, "");
  return near === "" ? "class" : near;
};
