import { join } from "node:path";
import { type ImageName, assetsAt, ownImages } from "../../src/operator/own-images.js";
import { type AcmeStage, prepareAcmeStage } from "../e2e/support/acme-stage.js";
import { site } from "../e2e/support/authority.js";
import type { Lab } from "../e2e/support/lab.js";
import type { PageRequest, Site } from "./load/result.js";
import { root } from "../support/root.js";

const assets = join(root, "dist/assets");

/** The sites and requests for measurements of the edge and the proxy, on one machine. */
export type EdgeStage = {
  stage: AcmeStage;
  /** The edge over HTTP/1.1 and TLS, over HTTP/2, and the proxy behind it without TLS. */
  sites: Record<"edge" | "http2" | "proxy", Site>;
  small: Omit<PageRequest, "site">;
  large: Omit<PageRequest, "site">;
  imageOf: (name: ImageName) => string;
};

/** Starts the edge with a certificate of the lab's own authority, the real proxy behind it, and a light server as the target of its route. */
export const startEdgeStage = async (lab: Lab): Promise<EdgeStage> => {
  const stage = await prepareAcmeStage(lab);
  const images = ownImages(assetsAt((path) => join(assets, path)));
  const imageOf = (wanted: ImageName): string => {
    const image = images.find(({ name }) => name === wanted);
    if (image === undefined) throw new Error(`unknown image ${wanted}`);
    return image.reference;
  };
  await lab.write(1, "/root/server.mjs", server);
  await lab.on(
    1,
    `set -e
docker rm -f proxy nb-ada >/dev/null 2>&1 || true
openssl rand -hex 16 | tee /root/edge-token >/root/proxy-token
docker run -d --name nb-ada --network class -v /root/server.mjs:/server.mjs:ro ${imageOf("edge")} node /server.mjs
docker run -d --name proxy --network class -p 8000:8000 -v /root/proxy-token:/run/secrets/proxy-token:ro -v /root/edge-token:/run/secrets/edge-token:ro ${imageOf("proxy")}
api=http://$(docker inspect -f '{{.NetworkSettings.Networks.class.IPAddress}}' proxy):8001/api/routes/user/ada
for i in $(seq 300); do curl -sf -H "Authorization: token $(cat /root/proxy-token)" -d '{"target": "http://nb-ada:8888"}' $api && exit 0; sleep 0.1; done; exit 1`,
  );
  await stage.startPebble();
  await stage.writeSettings();
  await stage.edge.start();
  await stage.statusWhen(
    "the certificate is from the authority",
    ({ kind }) => kind === "acme",
    90,
  );
  const host = lab.address(1);
  const edge = { host, port: 443, name: site };
  return {
    stage,
    sites: { edge, http2: { ...edge, http2: true }, proxy: { host, port: 8000, name: site } },
    small: { path: "/user/ada/small", bytes: smallBytes },
    large: { path: "/user/ada/large", bytes: largeBytes },
    imageOf,
  };
};

const smallBytes = 200;
const largeBytes = 100_000;

const server = `
import { createServer } from "node:http";
const answers = { "/user/ada/small": Buffer.alloc(${smallBytes}, "x"), "/user/ada/large": Buffer.alloc(${largeBytes}, "x") };
const server = createServer(({ url }, response) => {
  response.setHeader("content-type", "application/octet-stream");
  response.end(answers[url]);
});
server.on("upgrade", (request, socket) => {
  socket.on("error", () => {});
  socket.setNoDelay(true);
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n\\r\\n");
  socket.pipe(socket);
});
// An hour, like a user's server: a connection must not be closed just when the proxy uses it again.
server.keepAliveTimeout = 3_600_000;
server.listen(8888);
process.on("SIGTERM", () => process.exit(0));
`;
