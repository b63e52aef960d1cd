import type { Acme, EdgeSettings } from "../../contracts/edge-settings.js";
import type { CertificatePair } from "../certificate-pair.js";
import { askAuthority } from "./authority.js";
import { authorityOf } from "./issue.js";
import type { Window } from "./renewal-window.js";

type SuggestedWindow = (
  settings: EdgeSettings,
  acme: Acme,
  pair: CertificatePair,
) => Promise<Window | undefined>;

/**
 * The renewal window that the authority suggests for a certificate, requested no more often than the authority allows. It is kept in
 * memory and timed by the monotonic clock: on disk, a clock a year ahead would suppress requests for a year.
 */
export const renewalInfo = (now: () => Date): SuggestedWindow => {
  let known: { serial: string; window: Window; until: number } | undefined;
  return async (settings, acme, { leaf }) => {
    const serial = leaf.serialNumber;
    if (known?.serial !== serial) known = undefined;
    if (known !== undefined && performance.now() < known.until) return known.window;
    // While the authority does not answer, its last answer holds.
    const answer = await authorityOf(settings, acme)
      .then((authority) => askAuthority(authority, leaf, now))
      .catch(() => undefined);
    if (answer === undefined) return known?.window;
    known = { serial, window: answer.window, until: performance.now() + answer.seconds * 1000 };
    return known.window;
  };
};
