"""Warnings in words. Each is a list of parts, because the page may hide names: a text, {"person": NAME} or {"time": SECONDS}."""

import time
from collections.abc import Mapping

from ..machines import Layer
from ..spawning.running_server import size_text
from .machines import Machine
from .people import Seen

_DISK, _HOME, _MEMORY = 0.85, 0.9, 0.05  # full, full, left
_MOST_HOMES = 5
_SHOWN = 1800  # seconds for which an ended server is shown

Warning_ = list[str | dict]


def warnings(
    machines: list[Machine], seen: Seen, heard: Mapping[str, float], homes: Mapping[str, str], problems: list[str]
) -> list[Warning_]:
    """Returns the warnings, the gravest first; `homes` are the users by the name of their home, `problems` sentences of their own."""
    found: list[Warning_] = [[problem] for problem in problems]
    if machines and not seen.figures:
        found.append(["No machine reports its state. To repair this, type: swarmhub up"])
    for each in machines:
        found += _of_machine(each, seen, heard, homes)
    full = sorted(((used / limit, user) for user, (used, limit) in seen.homes.items() if limit and used > _HOME * limit), reverse=True)
    for share, user in full[:_MOST_HOMES]:
        used, limit = seen.homes[user]
        found.append(["The home of ", {"person": user}, f" is {share * 100:.0f} % full ({size_text(used)} of {size_text(limit)})."])
    if more := len(full[_MOST_HOMES:]):
        found.append([f"{more} more {'home is' if more == 1 else 'homes are'} over {_HOME * 100:.0f} % full."])
    return found


def _of_machine(each: Machine, seen: Seen, heard: Mapping[str, float], homes: Mapping[str, str]) -> list[Warning_]:
    if each.state == "down":
        return [[f"{each.name} is down. Its servers start again on other machines if there is room."]]
    figures = seen.figures.get(each.address)
    if figures is None:
        # One sentence for all is enough where nobody reports.
        if not seen.figures:
            return []
        since = [" since ", {"time": int(heard[each.address])}] if each.address in heard else []
        return [[f"{each.name} has not reported its state", *since, "."]]
    found: list[Warning_] = []
    disk = next((disk for disk in figures.report.disks if disk.is_nearly_full), None)
    space = figures.fullest
    if disk or (space and space.used_share > _DISK):
        share = f"{space.used_share * 100:.0f} % full" if space and space.used_share > _DISK else "nearly full"
        ends = ", and no new server starts there" if disk else ""
        found.append([f"The disk of {each.name} is {share}{ends}", *_writers(figures.report.largest_layers, homes), "."])
    for ended in figures.report.ended.values():
        # By the clocks of two machines, which `swarmhub check` compares.
        if -_SHOWN < time.time() - ended.at < _SHOWN:
            parts = _writers((ended.layer,), homes)[1:]
            found.append(
                [f"The disk of {each.name} was full, so a server was ended at ", {"time": ended.at}, ": outside the home, ", *parts, "."]
            )
    if figures.memory and figures.available < _MEMORY * figures.memory:
        found.append([f"{each.name} has only {size_text(figures.available)} of memory left."])
    return found


def _writers(layers: tuple[Layer, ...], homes: Mapping[str, str]) -> Warning_:
    parts: Warning_ = []
    for layer in layers:
        amount = size_text(layer.size) if layer.size is not None else layer.amount
        parts += [", " if parts else ": outside the homes, ", {"person": homes.get(layer.user, layer.user)}, f" wrote {amount}"]
    return parts
