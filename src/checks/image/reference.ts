/** An image's name taken apart: where its registry answers, its path there, its tag or digest. */
export type Reference = { registry: string; path: string; tag: string };

/** The registry of names without one, as Docker asks it. */
export const dockerHub = "https://registry-1.docker.io";

/** Reads a name as Docker does: what comes before the first slash is a registry if it looks like a host. */
export const referenceFrom = (image: string): Reference => {
  const [, name = "", tag, digest] = /^(.*?)(?::([\w.-]+))?(?:@(.*))?$/.exec(image) ?? [];
  const slash = name.indexOf("/");
  const first = name.slice(0, Math.max(0, slash));
  const isHost = /[.:]/.test(first) || first === "localhost";
  const host = isHost ? first : "docker.io";
  const path = isHost ? name.slice(slash + 1) : name;
  const isHub = host === "docker.io" || host === "index.docker.io";
  return {
    registry: isHub ? dockerHub : `https://${host}`,
    path: isHub && !path.includes("/") ? `library/${path}` : path,
    tag: digest ?? tag ?? "latest",
  };
};
