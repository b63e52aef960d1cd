// Runs in the page of mallory's server: what a script there can read of other pages. Each function answers a text.

/** The answer to a request with the visitor's cookies. */
const readByFetch = (address, mode) =>
  fetch(address, { mode, credentials: "include" }).then((answer) => answer.text(), String);

/** The text and the cookies of a frame. */
const readByFrame = async (address) => {
  const frame = document.createElement("iframe");
  const loaded = new Promise((resolve) => {
    frame.addEventListener("load", resolve);
  });
  frame.src = address;
  document.body.append(frame);
  await Promise.race([loaded, new Promise((resolve) => setTimeout(resolve, 4000))]);
  try {
    const { documentElement, cookie } = frame.contentWindow.document;
    return documentElement.outerHTML + cookie;
  } catch (error) {
    return String(error);
  } finally {
    frame.remove();
  }
};

/** The text and the cookies of a window that the script opens. */
const readByWindow = async (address) => {
  const opened = window.open(address);
  let text = "";
  for (let turn = 0; turn < 20 && !opened.closed; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    try {
      const { documentElement, cookie } = opened.document;
      text += documentElement.outerHTML + cookie;
    } catch (error) {
      text += String(error);
    }
  }
  opened.close();
  return text;
};

/** The scope for which a service worker is registered, or the error. */
const registerWorker = (script, scope) =>
  navigator.serviceWorker.register(script, { scope }).then(async (worker) => {
    await worker.unregister();
    return `registered for ${worker.scope}`;
  }, String);

Object.assign(globalThis, { readByFetch, readByFrame, readByWindow, registerWorker });
