"""GPUs of servers: generic resources of Swarm, which only whole numbers of GPUs can be.

Docker names the GPUs of a machine in its daemon.json, and Swarm gives a server those that no other has. Device requests and CDI have no
key in a service, so the machine's default runtime shows them to the container (docs/images.md, GPU).
"""

KIND = "NVIDIA-GPU"  # src/cluster/gpus.ts has the same


def reservation(count: int) -> dict[str, int] | None:
    """Returns what a service reserves, for docker-py; None for no GPU."""
    return {KIND: count} if count else None


def offered_by(node: dict) -> int:
    """Returns the GPUs of a node, as the Docker API describes it."""
    return _sum(node["Description"]["Resources"].get("GenericResources"))


def reserved_in(template: dict) -> int:
    """Returns the GPUs that a task or the template of a service reserves."""
    return _sum(((template.get("Resources") or {}).get("Reservations") or {}).get("GenericResources"))


def _sum(resources: list[dict] | None) -> int:
    # A named resource is one GPU, a discrete one a number of them (moby, api/types/swarm/task.go, GenericResource).
    named = [(each.get("NamedResourceSpec") or {}).get("Kind") == KIND for each in resources or []]
    discrete = [each.get("DiscreteResourceSpec") or {} for each in resources or []]
    return sum(named) + sum(each["Value"] for each in discrete if each.get("Kind") == KIND)
