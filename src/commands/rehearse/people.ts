import { isRehearsalName, mostRehearsalPeople } from "../../../contracts/rehearsal.js";
import { UserError, exitCode } from "../../errors.js";
import type { RoomState } from "../../swarm/room.js";
import { peopleText } from "../../rehearsal/words.js";
import { plural, printable } from "../../text/format.js";

/** States of somebody whose server takes a seat or waits for one. */
const isHere = ({ name, state }: RoomState["people"][number]): boolean =>
  !isRehearsalName(name) && !["away", "failed"].includes(state);

/**
 * How many people to rehearse with: as many as wanted, by default one for each seat. Throws a UserError (usage) while real people are here,
 * unless that is wanted and their seats are left to them.
 */
export const peopleFor = (
  room: RoomState,
  { people, besidePeople }: { people?: number; besidePeople: boolean },
): number => {
  const here = room.people.filter(isHere);
  const working = here.filter(({ warm }) => warm !== true);
  if (working.length > 0 && !besidePeople)
    throw new UserError(
      `${peopleText(working.length)} of the class ${working.length === 1 ? "works" : "work"} at this moment: ${namesOf(working)}`,
      {
        hint: "rehearse when nobody works, or, in the seats that are free, type: swarmhub rehearse --beside-people",
        code: exitCode.usage,
      },
    );
  if (here.length > 0 && !besidePeople)
    throw new UserError(
      `${plural(here.length, "seat")} ${here.length === 1 ? "is" : "are"} taken by servers that were started for people who are not here yet`,
      {
        hint: "to rehearse in the seats that are free, type: swarmhub rehearse --beside-people; or rehearse before the next warm start",
        code: exitCode.usage,
      },
    );
  const free = Math.max(0, room.seats - here.length);
  const wanted = people ?? Math.min(besidePeople ? free : room.seats, mostRehearsalPeople);
  if (wanted > mostRehearsalPeople)
    throw new UserError(`a rehearsal has at most ${mostRehearsalPeople} people`, {
      hint: `type: swarmhub rehearse --people ${mostRehearsalPeople}`,
      code: exitCode.usage,
    });
  if (wanted < 1)
    throw new UserError(here.length > 0 ? "no seat is free" : "the class has no seat", {
      hint: "to see the seats, type: swarmhub status",
      code: exitCode.usage,
    });
  if (here.length > 0 && wanted > free)
    throw new UserError(
      `${plural(free, "seat")} ${free === 1 ? "is" : "are"} free, fewer than ${peopleText(wanted)}: the others would have to wait in the queue`,
      { hint: `type: swarmhub rehearse --beside-people --people ${free}`, code: exitCode.usage },
    );
  return wanted;
};

const namesOf = (people: RoomState["people"]): string => {
  const names = people.slice(0, 5).map(({ name }) => printable(name).slice(0, 40));
  return names.join(", ") + (people.length > 5 ? ", …" : "");
};
