import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";

/** The certificate that is served for a name at a port or address:port; throws where the handshake fails. */
export const certificateServedAt = (
  listen: string,
  servername: string | undefined,
): Promise<X509Certificate> =>
  new Promise((resolve, reject) => {
    const [port = "", host = "127.0.0.1"] = listen.split(":").toReversed();
    const socket = connect({
      host,
      port: Number(port),
      ...(servername === undefined ? {} : { servername }),
      // The certificate is read, not trusted.
      rejectUnauthorized: false,
      timeout: 5000,
    });
    const fail = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.once("timeout", () => fail(new Error("no handshake within five seconds")));
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error("no certificate was served"));
      else resolve(certificate);
    });
  });
