"""Why somebody does not get in at a provider: sentences for the page."""

from tornado.web import HTTPError


class SignInRefusedError(HTTPError):
    """A login that ends with a page: the sentence for the person, and whether another account could help."""

    def __init__(self, status: int, sentence: str, *, other_account: bool = False) -> None:
        super().__init__(status, sentence.replace("%", "%%"))  # tornado treats it as a format
        self.sentence, self.other_account = sentence, other_account


def silent(service: str) -> SignInRefusedError:
    """Returns the refusal when there is no answer."""
    return SignInRefusedError(503, f"{service} does not answer. Try again in a minute.")


def unsafe(service: str) -> SignInRefusedError:
    """Returns the refusal when the provider's certificate is expired, for another name, or from an unknown authority."""
    return SignInRefusedError(
        502, f"{service} cannot be reached safely, because its certificate is not valid here. Please tell your instructor."
    )


def unreadable(service: str) -> SignInRefusedError:
    """Returns the refusal when the answer is not what a provider should answer."""
    return SignInRefusedError(
        502,
        f"{service} gave an answer that this class does not understand. Try again in a minute. If it happens again, tell your instructor.",
    )


def class_refused(service: str, code: str) -> SignInRefusedError:
    """Returns the refusal when the provider does not accept the class; `code` is the word of the standard."""
    return SignInRefusedError(502, f"{service} does not accept this class ({code}). Please tell your instructor.")


def too_old() -> SignInRefusedError:
    """Returns the refusal for a sign-in that was used before, or whose time is over."""
    return SignInRefusedError(400, "This sign-in was used before, or it was started too long ago. Sign in again.")


def lost_state() -> SignInRefusedError:
    """Returns the refusal when the browser does not remember the sign-in."""
    return SignInRefusedError(400, "This sign-in was started in another window, or too long ago. Sign in again.")


def cancelled(service: str) -> SignInRefusedError:
    """Returns the refusal when the person said no at the provider."""
    return SignInRefusedError(403, f"You cancelled the sign-in, or {service} did not let you in.", other_account=True)


def missing_claim(service: str, claim: str) -> SignInRefusedError:
    """Returns the refusal when the provider does not say what names the user."""
    return SignInRefusedError(
        403, f"{service} did not tell this class your user name ({claim} is missing). Please tell your instructor.", other_account=True
    )


def unverified(service: str) -> SignInRefusedError:
    """Returns the refusal for an e-mail address that the provider has not checked: anybody could enter that of somebody else."""
    return SignInRefusedError(
        403, f"Your e-mail address is not confirmed at {service}. Confirm it there, then sign in again.", other_account=True
    )


def unusable_name(service: str, shown: str) -> SignInRefusedError:
    """Returns the refusal for a name that no user of the class can have."""
    return SignInRefusedError(
        403, f"You logged in as {shown} at {service}, which cannot be a user name here. Please tell your instructor.", other_account=True
    )


def not_a_member(service: str, shown: str, members: str) -> SignInRefusedError:
    """Returns the refusal for somebody whom the rules of the class do not let in."""
    return SignInRefusedError(
        403, f"You logged in as {shown} at {service}. This class is open to {members}. Ask your instructor.", other_account=True
    )


def not_listed(service: str, shown: str, sentence: str) -> SignInRefusedError:
    """Returns the refusal of the rules that hold for every method of login."""
    return SignInRefusedError(403, f"You logged in as {shown} at {service}. {sentence}", other_account=True)


def name_taken(service: str, name: str) -> SignInRefusedError:
    """Returns the refusal for a second account whose user name would be that of another one."""
    return SignInRefusedError(
        403,
        f"The name {name} belongs to another account of {service} in this class. If it is yours, "
        "ask your instructor to delete this user on the page Admin: the files stay.",
        other_account=True,
    )
