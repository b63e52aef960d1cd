"""The form with the images of a class. An image that fits on no machine is there with the reason, and cannot be chosen."""

import asyncio
from html import escape
from typing import Protocol

from docker.errors import DockerException
from requests.exceptions import RequestException

from ..settings import Image, Settings
from .image_choice import FIELD, Chooser, find_image, images_for, settings_for
from .placement import largest_server
from .running_server import size_text
from .service_spec import memory_reservation
from .swarm import Docker

_PATIENCE = 3  # seconds for Docker; without its answer, the start itself says that an image is too large

_TOO_LARGE = "Cannot start: it needs {needed} of memory, and the largest machine of this class has {room} for one server."


class Asking(Chooser, Protocol):
    """The spawner of a user who opens the form."""

    class_settings: Settings
    docker_once: Docker


async def form(spawner: Asking) -> str:
    """Returns the form as HTML with the last choice selected, or the first image that fits; empty if there are fewer than two images."""
    settings = spawner.class_settings
    images = images_for(settings, spawner.groups)
    if len(images) < 2:
        return ""
    room = await _room(spawner, settings)
    needed = {image.name: memory_reservation(settings_for(settings, image.name, spawner.groups)) for image in images}
    why = {name: _TOO_LARGE.format(needed=size_text(size), room=size_text(room)) for name, size in needed.items() if room and size > room}
    fitting = tuple(image for image in images if image.name not in why)
    selected = find_image(fitting, spawner.user_options.get(FIELD)) or next(iter(fitting), None)
    return "".join(_option(image, image is selected, why.get(image.name)) for image in images)


async def _room(spawner: Asking, settings: Settings) -> int | None:
    """Returns the memory of the largest server that fits, in bytes; None if Docker does not say."""
    try:
        async with asyncio.timeout(_PATIENCE):
            return await largest_server(spawner.docker_once, settings)
    except (DockerException, RequestException, TimeoutError):
        return None


def _option(image: Image, is_chosen: bool, why_not: str | None) -> str:
    name = escape(image.name)
    state = " disabled" if why_not else " checked" if is_chosen else ""
    notes = "".join(f"<br><small>{escape(note)}</small>" for note in (image.description, why_not) if note)
    field = f'<input type="radio" class="form-check-input" name="{FIELD}" value="{name}"{state}>'
    return f'<div class="form-check"><label class="form-check-label">{field} {name}{notes}</label></div>'
