import { UserError } from "../../errors.js";

const part = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const registry =
  "(?:localhost|[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\\d))(?::\\d{1,5})?";
const name = new RegExp(`^(?:${registry}/)?${part}(?:/${part})*$`);
const example = "write for example quay.io/jupyter/scipy-notebook:2026-11-02";

/** A container image as Docker names it: registry, path, tag or digest. Throws a UserError. */
export const imageFrom = (text: string): string => {
  if (text.length > 500) throw new UserError("it is far too long", { hint: example });
  if (/^[a-z]+:\/\//.test(text))
    throw new UserError("an image has no https:// before it", { hint: example });
  const [rest = "", digest, ...more] = text.split("@");
  if (more.length > 0 || (digest !== undefined && !/^sha256:[a-f0-9]{64}$/.test(digest)))
    throw new UserError("after the @ stands sha256: and 64 of 0-9a-f", {
      hint: "copy the digest again",
    });
  const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag))
    throw new UserError("its tag has up to 128 letters, digits and . _ -", { hint: example });
  const path = colon < 0 ? rest : rest.slice(0, colon);
  if (path.length > 255 || !name.test(path))
    throw new UserError("it is registry/path:tag, the path in lower case", { hint: example });
  return text;
};

/** The address of a registry mirror as Docker's daemon.json takes it, without a slash at its end. Throws a UserError. */
export const mirrorFrom = (text: string): string => {
  const right = "write for example https://mirror.example.org";
  if (!/^https?:\/\//.test(text))
    throw new UserError("it begins with https:// or http://", { hint: right });
  if (!URL.canParse(text) || /[\s"'\\`$]/.test(text))
    throw new UserError("it cannot be read", { hint: right });
  const url = new URL(text);
  if (url.username !== "" || url.password !== "")
    throw new UserError("Docker takes no name or password in it", { hint: right });
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
    throw new UserError("Docker takes no path after the host", { hint: `write ${url.origin}` });
  return url.origin;
};
