"""One spelling for each name, so that a user who types it differently tomorrow gets the same home."""

import unicodedata
from collections.abc import Iterable

_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u201b\u02bc\u00b4`"), "'")


def spell(name: str) -> str:
    """Returns the name in lower case and NFKC, with plain apostrophes, single spaces and no invisible characters.

    NFKC also joins letters and accents (two spellings of é), and turns full-width and other variants of letters into plain ones.
    Similar letters of other alphabets stay different.
    """
    while True:
        plain = unicodedata.normalize("NFKC", name.translate(_APOSTROPHES)).lower()
        # Cf: zero-width spaces, marks for the writing direction, soft hyphens
        plain = " ".join("".join(each for each in plain if unicodedata.category(each) != "Cf").split())
        if plain == name:
            return plain
        name = plain


def is_plain(name: str) -> bool:
    """Returns whether nothing but capitals changes in the spelling of a name.

    With other changes, two accounts of a provider would have one name here: an account "ａｄａ" would get the home, and the rights, of ada.
    """
    # The lower case of some letters is another letter: that of the sign for kelvin is k.
    return unicodedata.normalize("NFKC", name) == name and spell(name) == name.lower()


def existing_spelling(name: str, known: Iterable[str]) -> str:
    """Returns the spelling under which this user is known, so that users of earlier versions keep their homes; else `spell(name)`.

    Earlier versions only changed names to lower case.
    """
    plain, before = spell(name), name.lower()
    names = set(known)
    if before in names:
        return before
    return plain if plain in names else min((each for each in names if spell(each) == plain), default=plain)
