import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";

/** The certificate that whoever listens there (a port, or address:port) serves under that name; throws where there is no handshake. */
export const servedCertificate = (
  listen: string,
  servername: string | undefined,
): Promise<X509Certificate> =>
  new Promise((resolve, reject) => {
    const [port = "", host = "127.0.0.1"] = listen.split(":").toReversed();
    const socket = connect({
      host,
      port: Number(port),
      ...(servername === undefined ? {} : { servername }),
      // It is looked at, not trusted.
      rejectUnauthorized: false,
      timeout: 5000,
    });
    const end = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.once("timeout", () => end(new Error("no handshake within five seconds")));
    socket.once("error", end);
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerX509Certificate();
      socket.destroy();
      if (certificate === undefined) reject(new Error("no certificate was served"));
      else resolve(certificate);
    });
  });
