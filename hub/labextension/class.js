// oxlint-disable unicorn/consistent-function-scoping -- it is a block, not a function
// Written by swarmhub: shows the announcements of the class in JupyterLab, notices about the user's own server, for example that it ran
// out of memory, and a button that asks a teacher for help. As webpack's module
// federation expects an extension (JupyterLab 3 and later), by hand: it has no imports, so it needs no build and fits to every version.

// A block, because the names at the top of a script are those of all scripts of the page.
{
  const name = "swarmhub-class";
  const seconds = 10;
  // All that comes from the class is shown as text, never as HTML.
  const make = (tag, style, text = "") => Object.assign(document.createElement(tag), { textContent: text, style });

  /** The address of the class (with subdomains, another host than this one) and the token of whoever looks at this page. */
  const readPage = () => {
    const { hubHost = "", hubPrefix, token } = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
    return { room: hubPrefix && `${hubHost}${hubPrefix.replace(/hub\/$/, "services/room/")}`, token };
  };

  /** The answer as JSON; undefined if there is none. Without cookies: nobody but the token says who this is. */
  const ask = (address, options = {}) =>
    fetch(address, { credentials: "omit", cache: "no-store", ...options, signal: AbortSignal.timeout?.(8000) })
      .then((response) => (response.ok ? response.json() : undefined))
      .catch(() => undefined);

  // --- the announcement, and the notice about the user's own server -----------------------------------------------------------------

  const look =
    "position: fixed; z-index: 10000; right: 16px; box-sizing: border-box; width: min(30em, calc(100vw - 32px)); " +
    "max-height: 40vh; overflow: auto; padding: 12px 16px; border: 1px solid #b26a00; border-left-width: 6px; border-radius: 4px; " +
    "background: #fff8e1; color: #222; font: 15px/1.4 system-ui, sans-serif; box-shadow: 0 4px 16px #0005; ";
  /** A box for the newest text of its kind. What a reader has closed stays closed when the page is loaded again, until there is another text. */
  const makeBox = (kind, label, place) => {
    const closed = kind === "announcement" ? `${name}:closed` : `${name}:closed-${kind}`;
    let box;
    const show = ({ id, text } = {}) => {
      if (box?.dataset.id === id) return;
      box?.remove();
      box = undefined;
      if (!id || sessionStorage.getItem(closed) === id) return;
      box = make("section", look + place);
      box.id = `${name}-${kind}`;
      box.dataset.id = id;
      box.setAttribute("role", "status");
      box.setAttribute("aria-label", label);
      const close = make("button", "float: right; margin: -4px -8px 0 8px; border: 0; background: none; color: inherit; font-size: 20px", "×");
      close.setAttribute("aria-label", `Close the ${kind}`);
      close.addEventListener("click", () => {
        sessionStorage.setItem(closed, id);
        show();
      });
      document.body.append(box);
      // A screen reader says what comes into a region that is there already.
      const shown = box;
      setTimeout(() => shown.append(close, make("div", "white-space: pre-line; overflow-wrap: anywhere; user-select: text", text)), 100);
    };
    return show;
  };
  const showAnnouncement = makeBox("announcement", "Announcement of the class", "bottom: 40px");
  const showNotice = makeBox("notice", "Notice about your server", "top: 60px");

  // --- the button -----------------------------------------------------------------------------------------------------------------

  const makeButton = (address, token) => {
    let isAsked = false;
    const button = make("button", "", "");
    button.id = `${name}-help`;
    button.type = "button";
    // The bar at the top of JupyterLab, and of Notebook 7; elsewhere a corner of the window.
    let corner = "";
    const place = () => {
      const bar = document.getElementById("jp-top-panel") ?? document.getElementById("top-panel");
      if (!bar) corner = "; position: fixed; z-index: 10000; right: 16px; bottom: 4px";
      (bar ?? document.body).append(button);
      draw();
    };
    const draw = (answer) => {
      isAsked = answer?.help ?? isAsked;
      button.textContent = isAsked ? "You asked for help ×" : "I need help";
      button.title = isAsked ? "Your teacher sees that you need help. Click to take it back." : "Shows your teacher that you need help";
      button.setAttribute("aria-pressed", String(isAsked));
      button.style.cssText =
        "margin: auto 8px; padding: 1px 10px; border: 1px solid #b26a00; border-radius: 10px; white-space: nowrap; cursor: pointer; " +
        `font: 12px/1.5 system-ui, sans-serif; color: #222; background: ${isAsked ? "#ffca28" : "#fff8e1"}${corner}`;
    };
    const send = (method) => ask(address, { method, headers: { Authorization: `token ${token}` } });
    button.addEventListener("click", async () => {
      button.disabled = true;
      const answer = await send(isAsked ? "DELETE" : "POST");
      draw(answer);
      if (!answer) button.textContent = "Not sent. Try again.";
      button.disabled = false;
    });
    return { place, update: async () => draw(await send("GET")), isAsked: () => isAsked };
  };

  const activate = async (app) => {
    const { room, token } = readPage();
    if (!room) return;
    const help = token ? makeButton(`${room}help`, token) : undefined;
    let isLooking = false;
    const lookNow = async (isShownAgain = false) => {
      if (isLooking || document.hidden) return;
      isLooking = true;
      const said = await ask(`${room}announcement`, token ? { headers: { Authorization: `token ${token}` } } : {});
      // While the class does not answer, what was said stays.
      if (said) {
        showAnnouncement(said);
        showNotice(said.notice);
      }
      // In Notebook each document has a tab of its own, and help may have been asked for in another one.
      if (isShownAgain || help?.isAsked()) await help?.update();
      isLooking = false;
    };
    const repeat = async () => {
      await lookNow();
      setTimeout(repeat, (seconds + Math.random()) * 1000);
    };
    document.addEventListener("visibilitychange", () => void lookNow(true));
    void repeat();
    // In Notebook 7 the list of files is restored before the page is there.
    await app.started;
    await app.restored;
    if (!help) return;
    help.place();
    void help.update();
  };

  (window._JUPYTERLAB ??= {})[name] = {
    init() {},
    async get() {
      // Nothing of JupyterLab waits for it.
      const plugin = { id: `${name}:plugin`, autoStart: true, activate: (app) => void activate(app) };
      return () => ({ __esModule: true, default: plugin });
    },
  };
}
