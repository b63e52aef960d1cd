"""What a provider says about the groups of an account: whatever it sends, groups or none result."""

_MAX_LENGTH = 255


def claims_in(claim: object) -> frozenset[str]:
    """Returns the names in a claim: a list, one text, or nothing. Keycloak writes them as paths ("/geo").

    What is no text, empty, too long or has characters that cannot be shown is left out. The answer that it came with is bounded
    (provider/connection.py), so the number of names is, too.
    """
    found = [claim] if isinstance(claim, str) else claim if isinstance(claim, list | set | frozenset) else []
    texts = (each.strip().lstrip("/") for each in found if isinstance(each, str))
    return frozenset(each for each in texts if 0 < len(each) <= _MAX_LENGTH and each.isprintable())
