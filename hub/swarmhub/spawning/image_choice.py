"""The images that a class offers: the form on the spawn page, and the settings of a server with the chosen image."""

from dataclasses import replace
from html import escape

from tornado.web import HTTPError

from ..settings import Image, Settings

FIELD = "choice"


def form(settings: Settings, chosen: object) -> str:
    """Returns the form as HTML with the last choice selected; empty if there are fewer than two images."""
    if len(settings.images) < 2:
        return ""
    selected = _find_image(settings, chosen) or settings.images[0]
    return "".join(_option(image, image is selected) for image in settings.images)


def options_from_form(settings: Settings, data: dict[str, list[str]]) -> dict[str, str]:
    """Returns the choice in the form, which the hub also keeps for the next start; raises ValueError for an unknown image."""
    name = next(iter(data.get(FIELD, [])), None)
    if len(settings.images) < 2 or name is None:
        return {}
    if _find_image(settings, name) is None:
        raise ValueError("This class does not offer that image. Please choose one of these.")
    return {FIELD: name}


def check_options(settings: Settings, options: object) -> None:
    """Raises an HTTPError (400) unless the options are empty or the name of an image that the class offers."""
    if not isinstance(options, dict) or not options.keys() <= {FIELD}:
        raise HTTPError(400, f"The options of a server can only be the name of an image, as {FIELD}.")
    if options and _find_image(settings, options[FIELD]) is None:
        raise HTTPError(400, "This class does not offer that image.")


def settings_for(settings: Settings, chosen: object) -> Settings:
    """Returns the settings of one server; uses the first image if no image was chosen or the chosen one is no longer offered."""
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
