"""The images that a class offers: the form of the spawn page, and what a choice makes of a server."""

from dataclasses import replace
from html import escape

from ..settings import Image, Settings

FIELD = "choice"


def form(settings: Settings, chosen: object) -> str:
    """The choice as HTML, with what was chosen last already chosen; empty where there is nothing to choose."""
    if len(settings.images) < 2:
        return ""
    selected = _find_image(settings, chosen) or settings.images[0]
    return "".join(_option(image, image is selected) for image in settings.images)


def options_from_form(settings: Settings, data: dict[str, list[str]]) -> dict[str, str]:
    """What the form says, kept by the hub for the next start too; raises ValueError for what the class does not offer."""
    name = next(iter(data.get(FIELD, [])), None)
    if len(settings.images) < 2 or name is None:
        return {}
    if _find_image(settings, name) is None:
        raise ValueError("This class offers no such image. Please choose one of these.")
    return {FIELD: name}


def settings_for(settings: Settings, chosen: object) -> Settings:
    """The settings of one server; who chose nothing, or what the class does not offer any more, gets the first image."""
    if not settings.images:
        return settings
    image = _find_image(settings, chosen) or settings.images[0]
    return replace(settings, image=image.image, memory=image.memory, cpu=image.cpu)


def _find_image(settings: Settings, name: object) -> Image | None:
    return next((image for image in settings.images if image.name == name), None)


def _option(image: Image, is_chosen: bool) -> str:
    name = escape(image.name)
    checked = " checked" if is_chosen else ""
    description = f"<br><small>{escape(image.description)}</small>" if image.description else ""
    field = f'<input type="radio" class="form-check-input" name="{FIELD}" value="{name}"{checked}>'
    return f'<div class="form-check"><label class="form-check-label">{field} {name}{description}</label></div>'
