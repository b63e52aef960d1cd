"""What a value of hub.json may be: predicates that all its readers share."""


def is_text(value: object) -> bool:
    """Whether it is a string that is not empty."""
    return isinstance(value, str) and value != ""


def are_texts(value: object) -> bool:
    """Whether it is a list of such strings."""
    return isinstance(value, list) and all(map(is_text, value))


def are_objects(value: object) -> bool:
    """Whether it is a list of objects."""
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def is_absolute(value: object) -> bool:
    """Whether it is an absolute path."""
    return isinstance(value, str) and value.startswith("/")
