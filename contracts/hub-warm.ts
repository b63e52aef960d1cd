/** `warm` in `hub.json`: when the servers of the class start before their users come. Read by `hub/swarmhub/warm/timetable.py`. */
export type HubWarmStart = {
  /** The days of the week: "mon". */
  days: string[];
  /** The times of the day in the zone: when servers should be ready, and until when a missed start is caught up. */
  at: string;
  until: string;
  zone: string;
  /** Only the members of this group; null is everybody. */
  group: string | null;
  /** Members of the group who are not on the roster. */
  members: string[];
};
