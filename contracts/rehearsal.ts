/** The most people of one rehearsal. */
export const mostRehearsalPeople = 300;

/**
 * The name of a person of a rehearsal; numbers count from 1. No student can have it: the hub spells all names in lower case
 * (hub/swarmhub/login/names.py), and refuses every login that would end with such a name.
 */
export const rehearsalName = (number: number): string => `Rehearsal-${number}`;

/** Whether a name belongs to a rehearsal. */
export const isRehearsalName = (name: string): boolean => /^Rehearsal-[1-9][0-9]{0,2}$/.test(name);

/** All names that people of a rehearsal can have. */
export const allRehearsalNames = (): string[] =>
  Array.from({ length: mostRehearsalPeople }, (_, index) => rehearsalName(index + 1));
