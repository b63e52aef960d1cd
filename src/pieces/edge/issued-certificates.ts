import type { Cluster } from "../../cluster/cluster.js";
import type { Facts } from "../../host/facts.js";
import type { Host } from "../../host/host.js";
import { givenNames, paths } from "../../paths.js";
import type { Piece, Step } from "../../reconcile/piece.js";
import { removeFolderSteps } from "../shared/files.js";

/** Where an authority's certificates and the account with it lie: it gives out only five a week. */
export const authorityFolder = `${paths.certificates}/acme`;

/** Whether there are any. */
export const hasAuthority = ({ certificates }: Facts): boolean =>
  certificates.includes("acme/issued") || certificates.includes("acme/certbot");

/** The steps by which `down` removes certificates and keys, but not what an authority gave. */
export const removeCertificatesSteps = (host: Host, facts: Facts): Step[] => {
  if (!hasAuthority(facts))
    return removeFolderSteps(host, facts, paths.certificates, "the certificates");
  const { certificates, givenHashes } = facts;
  if (!certificates.some(isOther) && Object.keys(givenHashes).length === 0) return [];
  return [
    {
      host,
      title: "remove the certificates, but not those of an authority",
      run: () => host.script(removeOthers),
    },
  ];
};

const isOther = (name: string): boolean => name !== "acme" && !name.startsWith("acme/");

// What begins with a dot too: a run that was killed may have left keys there.
const removeOthers = `{
set -e
cd ${paths.certificates}
find . -mindepth 1 -maxdepth 1 ! -name acme -exec rm -rf {} +
rm -f ${givenNames.join(" ")}
}
`;

/** `down --delete-certificates`: removes an authority's certificates and the account as well. It plans nothing. */
export const certificatesErasure: Piece<Facts> = {
  name: "authority",
  inspect: ({ manager }: Cluster) => manager.facts(),
  plan: () => [],
  remove: (facts, { manager }) =>
    removeFolderSteps(
      manager,
      facts,
      paths.certificates,
      "the authority's certificates and the account with it",
    ),
};
