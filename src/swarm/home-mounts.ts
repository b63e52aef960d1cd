/** The address of the server in the options of an NFS volume; undefined for other volumes. */
export const serverIn = (options: unknown): string | undefined => {
  const { type, o } = (options ?? {}) as { type?: unknown; o?: unknown };
  if (type !== "nfs4" || typeof o !== "string") return undefined;
  return /(?:^|,)addr=([^,]+)/.exec(o)?.[1];
};

/** The address from which a service mounts a home; undefined for a service without one. */
export const homesServerOf = (containerSpec: unknown): string | undefined => {
  const { Mounts: mounts } = (containerSpec ?? {}) as { Mounts?: unknown };
  const all = Array.isArray(mounts) ? (mounts as Mount[]) : [];
  return all
    .map(({ VolumeOptions: volume }) => serverIn(volume?.DriverConfig?.Options))
    .find((address) => address !== undefined);
};

type Mount = { VolumeOptions?: { DriverConfig?: { Options?: unknown } } };
