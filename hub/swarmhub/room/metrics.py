"""The figures of the room for Prometheus, in its text format."""

_STATES = ("away", "queued", "starting", "running", "stopping", "checking", "failed")
_MB = 1 << 20


def metrics(state: dict) -> str:
    """Returns the state of the room as text. It names machines, but no people: what Prometheus stores stays for months."""
    people, machines = state["people"], state["machines"]
    running = [each for each in people if each["state"] == "running"]
    of_machines = {
        "memory_used_bytes": ("Memory in use, without caches.", lambda each: each.get("memory", 0) * _MB),
        "memory_bytes": ("Memory.", lambda each: each.get("memoryTotal", 0) * _MB),
        "cpu_busy_cores": ("Cores in use.", lambda each: each.get("cpu", 0)),
        "cores": ("Cores.", lambda each: each.get("cores", 0)),
        "disk_used_bytes": ("The fullest disk with Docker's data.", lambda each: each.get("disk", 0) * _MB),
        "disk_bytes": ("The size of that disk.", lambda each: each.get("diskTotal", 0) * _MB),
        "people": ("Users' servers that run there.", lambda each: each["people"]),
        "reports": ("Whether the machine has reported its state in the last 15 s.", lambda each: int("memoryTotal" in each)),
    }
    lines = [
        *_metric("seats", "Seats of the class.", [("", state["seats"])]),
        *_metric("seats_taken", "Seats that are taken.", [("", state["taken"])]),
        *_metric("servers", "People by the state of their server.", [(f'state="{name}"', _count(people, name)) for name in _STATES]),
        *_metric("kernels_busy", "Servers with a busy kernel.", [("", sum(each.get("busy") is True for each in running))]),
        *_metric("servers_memory_bytes", "Memory of all users' servers.", [("", sum(each.get("memory", 0) for each in running) * _MB)]),
        *_metric("memory_kills", "Programs that memory limits have ended in servers that run.", [("", sum(map(_ended, running)))]),
        *_metric("homes_nearly_full", "Homes that are over 90 % full.", [("", sum(map(_is_nearly_full, people)))]),
        *_metric("warnings", "Warnings on the page.", [("", len(state["warnings"]))]),
    ]
    for name, (text, value) in of_machines.items():
        # A machine without a report has no figures, which is not the same as 0.
        shown = [each for each in machines if name in ("people", "reports") or "memoryTotal" in each]
        lines += _metric(f"machine_{name}", text, [(f'machine="{each["name"]}"', value(each)) for each in shown])
    return "\n".join(lines) + "\n"


def _metric(name: str, text: str, values: list[tuple[str, float]]) -> list[str]:
    full = f"swarmhub_{name}"
    samples = [f"{full}{{{labels}}} {value}" if labels else f"{full} {value}" for labels, value in values]
    return [f"# HELP {full} {text}", f"# TYPE {full} gauge", *samples]


def _count(people: list[dict], state: str) -> int:
    return sum(each["state"] == state for each in people)


def _ended(person: dict) -> int:
    return person.get("ended", {}).get("count", 0)


def _is_nearly_full(person: dict) -> bool:
    return bool(person.get("quota")) and person["home"] > 0.9 * person["quota"]
