"""The machines of the class for the page: state, memory, CPU, disk, people, and since when nothing was heard of one."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..machines import address_of, name_of
from .figures import cores_between
from .people import Seen

_MB = 20  # as a shift


@dataclass(frozen=True)
class Machine:
    """A node of the Swarm, by its address; `takes_users` says whether Swarm may place servers there now."""

    name: str
    address: str
    state: str
    takes_users: bool


def machine(node: dict, ids_of_users: Iterable[str]) -> Machine:
    """Returns the machine that Docker describes; `ids_of_users` are the ids of the nodes for users' servers."""
    is_open = node["Spec"]["Availability"] == "active" and node["Status"]["State"] == "ready"
    return Machine(name_of(node), address_of(node), node["Status"]["State"], is_open and node["ID"] in ids_of_users)


def row(each: Machine, seen: Seen, people: Counter, heard: Mapping[str, float]) -> dict:
    """Returns what the page shows of a machine; sizes in MB. Without a report of the last seconds it has `heard` at most."""
    found = {"name": each.name, "state": each.state, "open": each.takes_users, "people": people[each.name]}
    figures = seen.figures.get(each.address)
    if figures is None:
        return found | ({"heard": int(heard[each.address])} if each.address in heard else {})
    found |= {"memory": figures.used >> _MB, "memoryTotal": figures.memory >> _MB, "cores": figures.cores, "load": round(figures.load, 1)}
    if (busy := cores_between(seen.before.get(each.address), figures)) is not None:
        found["cpu"] = round(busy, 1)
    if space := figures.fullest:
        found |= {"disk": (space.size - space.free) >> _MB, "diskTotal": space.size >> _MB}
    return found
