import type { ImageInspectInfo } from "dockerode";
import { absent } from "../../docker.js";
import type { Host } from "../../host.js";

/** An image on a host, remembered; undefined where it or Docker is not there. */
export const localImage = (host: Host, reference: string): Promise<ImageInspectInfo | undefined> =>
  host.remember(`image ${reference}`, async () => {
    const { units } = await host.facts();
    return units["docker.service"] === "active"
      ? absent(host.docker.getImage(reference).inspect())
      : undefined;
  });
