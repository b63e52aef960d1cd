/** A home that was deleted and can still be had back. */
export type Trashed = { entry: string; home: string; user: string | undefined; deleted: Date };

/** Reads what the look at the homes says of the trash: "trash ENTRY 1 NOTE". */
export const trashFrom = (
  [what, entry = "", whole, note]: readonly string[],
  userFrom: (note: string | undefined) => string | undefined,
): Trashed[] => {
  const [, home, date, time] = /^([^.]+)\.(\d{8})T(\d{6})Z$/.exec(entry) ?? [];
  if (what !== "trash" || whole !== "1" || home === undefined) return [];
  const iso = `${date?.replace(/(....)(..)(..)/, "$1-$2-$3")}T${time?.replace(/(..)(..)(..)/, "$1:$2:$3")}Z`;
  return [{ entry, home, user: userFrom(note), deleted: new Date(iso) }];
};

/** When the watcher erases it for good. */
export const keptUntil = ({ deleted }: Pick<Trashed, "deleted">, trashDays: number): Date =>
  new Date(deleted.getTime() + trashDays * 86_400_000);
