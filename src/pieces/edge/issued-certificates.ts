import type { Cluster } from "../../cluster/cluster.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { givenNames, paths } from "../../paths.js";
import type { Piece, Step } from "../../reconcile/piece.js";
import { removeFolderSteps } from "../shared/files.js";

/** The folder of the certificates that an authority issued, and of the account there: it issues only five a week. */
export const authorityFolder = `${paths.certificates}/acme`;

/** Whether the manager has issued certificates or an account. */
export const hasAuthority = ({ certificates }: Facts): boolean =>
  certificates.includes("acme/issued") || certificates.includes("acme/certbot");

/** The steps by which `down` removes certificates and keys, except issued certificates. */
export const removeCertificatesSteps = (host: Host, facts: Facts): Step[] => {
  if (!hasAuthority(facts))
    return removeFolderSteps(host, facts, paths.certificates, "the certificates");
  const { certificates, givenHashes } = facts;
  if (!certificates.some(isNotIssued) && Object.keys(givenHashes).length === 0) return [];
  return [
    {
      host,
      title: "remove the certificates, except those from an authority",
      run: () => host.script(removeOthersScript),
    },
  ];
};

const isNotIssued = (name: string): boolean => name !== "acme" && !name.startsWith("acme/");

// Hidden files as well: a run that was killed may have left keys in them.
const removeOthersScript = `{
set -e
cd ${paths.certificates}
find . -mindepth 1 -maxdepth 1 ! -name acme -exec rm -rf {} +
rm -f ${givenNames.join(" ")}
}
`;

/** `down --delete-certificates`: also removes issued certificates and the account at the authority. It plans nothing. */
export const certificatesErasure: Piece<Facts> = {
  name: "authority",
  inspect: ({ manager }: Cluster) => manager.facts(),
  plan: () => [],
  remove: (facts, { manager }) =>
    removeFolderSteps(
      manager,
      facts,
      paths.certificates,
      "the authority's certificates and the account there",
    ),
};
