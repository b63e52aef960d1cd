/**
 * The rule for packets of the overlay network that are not encrypted, where it is. Docker marks those of an encrypted network in the table
 * mangle, and the kernel encrypts what has the mark (moby libnetwork/drivers/overlay/encryption.go): where others flush that table, users'
 * data would leave in clear text and nothing would say so. ESP needs no rule: the kernel drops what no key of the class decrypts.
 */
export const closedInClear = (
  isEncrypted: boolean,
  chain: string,
  direction: "in" | "out",
): string[] =>
  isEncrypted
    ? [`-A ${chain} -p udp -m udp --dport 4789 -m policy --dir ${direction} --pol none -j DROP`]
    : [];
