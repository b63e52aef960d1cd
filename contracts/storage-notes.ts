/** `owners/HOME`, written by the hub before it makes the home: its owner, and whether the home still lacks its first files. */
export type OwnerNote = { user: string; firstFiles?: "missing" };

/** `skeleton.json`, written by `swarmhub up`: the first files of new homes; `bytes` is the space that a copy needs. */
export type FirstFilesNote = {
  /** Differs for every other content. */
  hash: string;
  bytes: number;
  /** Files, folders and links. */
  files: number;
};

/** The largest owner's note that is read, in bytes: the hub's account can put any file there. */
export const maximumOwnerNoteBytes = 4096;

/** The owner's login name in a note, which may hold any characters; undefined where the note is unreadable. */
export const ownerIn = (text: string): string | undefined => {
  try {
    const { user } = JSON.parse(text) as Partial<Record<keyof OwnerNote, unknown>>;
    return typeof user === "string" ? user : undefined;
  } catch {
    return undefined;
  }
};
