import { Problem } from "../../errors.js";

const part = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const registry =
  "(?:localhost|[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\\d))(?::\\d{1,5})?";
const name = new RegExp(`^(?:${registry}/)?${part}(?:/${part})*$`);
const example = "write for example quay.io/jupyter/scipy-notebook:2026-11-02";

/** A container image as Docker names it: registry, path, tag or digest. Throws a Problem. */
export const imageFrom = (text: string): string => {
  if (text.length > 500) throw new Problem("it is far too long", example);
  if (/^[a-z]+:\/\//.test(text)) throw new Problem("an image has no https:// before it", example);
  const [rest = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !/^sha256:[a-f0-9]{64}$/.test(digest)))
    throw new Problem("after the @ stands sha256: and 64 of 0-9a-f", "copy the digest again");
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag))
    throw new Problem("its tag has up to 128 letters, digits and . _ -", example);
  const path = colon < 0 ? rest : rest.slice(0, colon);
  if (path.length > 255 || !name.test(path))
    throw new Problem("it is registry/path:tag, the path in lower case", example);
  return text;
};

/** The address of a registry mirror as Docker's daemon.json takes it, without a slash at its end. Throws a Problem. */
export const mirrorFrom = (text: string): string => {
  const right = "write for example https://mirror.example.org";
  if (!/^https?:\/\//.test(text)) throw new Problem("it begins with https:// or http://", right);
  if (!URL.canParse(text) || /[\s"'\\`$]/.test(text)) throw new Problem("it cannot be read", right);
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    throw new Problem("Docker takes no name or password in it", right);
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    throw new Problem("Docker takes no path after the host", `write ${url.origin}`);
  return url.origin;
};
