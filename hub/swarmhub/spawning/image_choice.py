"""What a start can ask for: one of the images of the class, and a safe start; and the settings of the server that results."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from tornado.web import HTTPError

from ..server_settings import Group
from ..settings import Image, Settings

FIELD = "choice"
SAFE = "safe"


class Chooser(Protocol):
    """The spawner of a user, as far as the choice is concerned: the groups of the user, and what was chosen last."""

    groups: Sequence[Group]
    user_options: dict[str, object]


def options_from_form(settings: Settings, data: dict[str, list[str]], spawner: Chooser) -> dict[str, object]:
    """Returns the choice in the form, which the hub also keeps for the next start; raises ValueError for an unknown image."""
    images = images_for(settings, spawner.groups)
    name = next(iter(data.get(FIELD, [])), None)
    if len(images) < 2 or name is None:
        return {}
    if find_image(images, name) is None:
        raise ValueError("This class does not offer that image. Please choose one of these.")
    return {FIELD: name}


def options_from_query(settings: Settings, query: dict[str, list[str]], spawner: Chooser) -> dict[str, object]:
    """Returns the options in a link to the page `spawn`: a safe start keeps the image that was chosen last."""
    kept = {key: value for key, value in spawner.user_options.items() if key == FIELD}
    chosen = kept | options_from_form(settings, query, spawner)
    return chosen | ({SAFE: True} if query.get(SAFE) == ["1"] else {})


def check_options(settings: Settings, options: object) -> None:
    """Raises an HTTPError (400) unless the options are the name of an image that the class offers, a safe start, or none."""
    if not isinstance(options, dict) or not options.keys() <= {FIELD, SAFE} or options.get(SAFE, True) is not True:
        raise HTTPError(400, f"The options of a server can only be the name of an image, as {FIELD}, and {SAFE}: true.")
    if FIELD in options and find_image(settings.images, options[FIELD]) is None:
        raise HTTPError(400, "This class does not offer that image.")


def images_for(settings: Settings, groups: Sequence[Group]) -> tuple[Image, ...]:
    """Returns the images that a user of these groups chooses from: an image that groups name is only for their members."""
    reserved = {name for group in settings.servers.groups for name in group.images}
    own = {name for group in groups for name in group.images}
    return tuple(image for image in settings.images if image.name not in reserved - own)


def settings_for(settings: Settings, chosen: object, groups: Sequence[Group]) -> Settings:
    """Returns the settings of one server; uses the user's first image if none was chosen or the chosen one is not offered to them.

    The limits of a group precede those of the image; in several groups, the highest counts.
    """
    if images := images_for(settings, groups):
        image = find_image(images, chosen) or images[0]
        settings = replace(settings, image=image.image, memory=image.memory, cpu=image.cpu)
    memory = max((group.memory for group in groups if group.memory), default=settings.memory)
    cpu = max((group.cpu for group in groups if group.cpu), default=settings.cpu)
    return replace(settings, memory=memory, cpu=cpu)


def find_image(images: tuple[Image, ...], name: object) -> Image | None:
    """Returns the image of this name; None if there is none."""
    return next((image for image in images if image.name == name), None)
