import type { Acme, EdgeSettings } from "../../contracts/edge-settings.js";
import type { Pair } from "../certificate-pair.js";
import { askAuthority } from "./authority.js";
import { authorityOf } from "./issue.js";
import type { Window } from "./renewal-window.js";

type Suggested = (settings: EdgeSettings, acme: Acme, pair: Pair) => Promise<Window | undefined>;

/**
 * What the authority suggests for a certificate, asked for no more often than it wants to be. Remembered in memory and by a clock that
 * nobody sets: on disk, a clock a year ahead would keep us from asking for a year.
 */
export const renewalInfo = (now: () => Date): Suggested => {
  let known: { serial: string; window: Window; until: number } | undefined;
  return async (settings, acme, { leaf }) => {
    const serial = leaf.serialNumber;
    if (known?.serial !== serial) known = undefined;
    if (known !== undefined && performance.now() < known.until) return known.window;
    // An authority that is away has said what it said, or nothing.
    const answer = await authorityOf(settings, acme)
      .then((authority) => askAuthority(authority, leaf, now))
      .catch(() => undefined);
    if (answer === undefined) return known?.window;
    known = { serial, window: answer.window, until: performance.now() + answer.seconds * 1000 };
    return known.window;
  };
};
