import { Duplex } from "node:stream";

/** A socket that is there at once and opens by and by; its error is that of `open`. Fit for an http.Agent. */
export const lateSocket = (open: () => Promise<Duplex>): Duplex => {
  let opened: Duplex | undefined;
  const socket = new Duplex({
    construct: (done) => {
      open().then((inner) => {
        opened = inner;
        inner.on("data", (chunk) => socket.push(chunk) || inner.pause());
        inner.on("error", (error) => socket.destroy(error));
        inner.once("end", () => socket.push(null));
        inner.once("close", () => {
          if (!inner.readableEnded) socket.push(null);
          // What came before the close is still to be read.
          if (socket.readableLength === 0) socket.destroy();
          else socket.once("end", () => socket.destroy());
        });
        done();
      }, done);
    },
    read: () => opened?.resume(),
    write: (chunk, encoding, done) => opened?.write(chunk, encoding, done),
    final: (done) => {
      opened?.end();
      done();
    },
    destroy: (error, done) => {
      opened?.destroy();
      done(error);
    },
  });
  // What http calls on a net.Socket and has no meaning here.
  const itself = () => socket;
  return Object.assign(socket, {
    setKeepAlive: itself,
    setNoDelay: itself,
    setTimeout: itself,
    ref: itself,
    unref: itself,
  });
};
