import { didYouMean, reader } from "./reader.js";

/** The image of users' servers where the configuration has none. */
export const defaultImage = "quay.io/jupyter/scipy-notebook:2026-11-02";

const part = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const registry =
  "(?:localhost|[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+|[A-Za-z0-9-]+(?=:\\d))(?::\\d{1,5})?";
const name = new RegExp(`^(?:${registry}/)?${part}(?:/${part})*$`);

/** A container image as Docker names it: registry, path, tag or digest. */
export const imageFrom = reader(
  { what: "a container image", example: defaultImage },
  (text, reject): string => {
    if (text.length > 500) throw reject("at most 500 characters");
    if (/^[a-z]+:\/\//.test(text)) throw reject("without https://");
    const [rest = "", digest, ...more] = text.split("@");
    if (more.length > 0 || (digest !== undefined && !/^sha256:[a-f0-9]{64}$/.test(digest)))
      throw reject("a digest is sha256: and 64 characters of 0-9a-f");
    const colon = rest.indexOf(":", rest.lastIndexOf("/") + 1);
    const tag = colon < 0 ? undefined : rest.slice(colon + 1);
    if (tag !== undefined && !/^\w[\w.-]{0,127}$/.test(tag))
      throw reject("a tag has up to 128 letters, digits and . _ -");
    const path = colon < 0 ? rest : rest.slice(0, colon);
    if (path.length > 255 || !name.test(path))
      throw reject("registry/path:tag, with the path in lower case");
    return text;
  },
);

/** The address of a registry mirror as Docker's daemon.json takes it, without a slash at its end. */
export const mirrorFrom = reader(
  { what: "the address of a registry mirror", example: "https://mirror.example.org" },
  (text, reject): string => {
    if (!/^https?:\/\//.test(text)) throw reject("it begins with https:// or http://");
    if (!URL.canParse(text) || /[\s"'\\`$]/.test(text)) throw reject("not a valid address");
    const url = new URL(text);
    if (url.username !== "" || url.password !== "")
      throw reject("Docker accepts no user name or password in it");
    if (url.pathname !== "/" || url.search !== "" || url.hash !== "")
      throw reject("Docker accepts no path after the host", didYouMean(url.origin));
    return url.origin;
  },
);

/** A place at a registry without tag and digest, below which there are several images: "quay.io/swarmhub". */
export const repositoryFrom = reader(
  { what: "a registry and a path", example: "quay.io/geo-courses" },
  (text, reject): string => {
    if (/^[a-z]+:\/\//.test(text)) throw reject("without https://");
    if (text.length > 200 || !name.test(text))
      throw reject("registry/path in lower case, without a tag");
    return text;
  },
);

/** The name of a registry as images have it: "ghcr.io", "registry.example.org:5000"; Docker Hub is always "docker.io". */
export const registryFrom = reader(
  { what: "the name of a registry", example: "ghcr.io" },
  (text, reject): string => {
    if (/^[a-z]+:\/\//.test(text)) throw reject("without https://");
    if (!new RegExp(`^${registry}$`).test(text))
      throw reject("as it stands in front of the first / of an image");
    return ["index.docker.io", "registry-1.docker.io"].includes(text) ? dockerHub : text;
  },
);

/** The registry of images whose names have none. */
const dockerHub = "docker.io";

/** The registry of an image: "ghcr.io" of "ghcr.io/geo/notebook:1", "docker.io" of "jupyter/base". */
export const registryOf = (image: string): string => {
  const slash = image.indexOf("/");
  const first = image.slice(0, Math.max(0, slash));
  if (!/[.:]/.test(first) && first !== "localhost") return dockerHub;
  return first === "index.docker.io" ? dockerHub : first;
};
