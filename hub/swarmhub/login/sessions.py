"""Ends and limits what a login leaves behind: cookies, API tokens, and the OAuth tokens with which servers recognise a browser."""

from datetime import timedelta
from urllib.parse import quote

from jupyterhub import orm
from jupyterhub.utils import utcnow
from sqlalchemy.orm import Session

API_TOKEN_SECONDS = 30 * 86400


def end_sessions(db: Session, user: orm.User, *, keep_server: bool, keep_open: bool = False) -> None:
    """Makes all cookies, API tokens and OAuth codes of a user invalid; the caller commits.

    With `keep_server`, a running server keeps its own token. Without that token its owner could not open it again.
    A server that is in use notices the end within 300 s (jupyterhub/services/auth.py, cache_max_age), except with `keep_open`: then the
    browsers in which it is open go on until it stops, when JupyterHub deletes the tokens of these browsers (jupyterhub/user.py, stop).
    """
    user.cookie_id = orm.new_token()
    kept = _tokens_of_servers(db, user) if keep_server else set()
    if kept and keep_open:
        kept |= {token for token in user.api_tokens if token.client_id == f"jupyterhub-user-{quote(user.name)}"}
    for token in set(user.api_tokens) - kept:
        db.delete(token)
    for code in list(user.oauth_codes):
        db.delete(code)


def limit_tokens(db: Session, login_seconds: int) -> None:
    """Shortens the life of all tokens that were made before the current limits applied; the caller commits.

    JupyterHub applies token_expires_in_max_seconds and oauth_token_expires_in only to new tokens.
    """
    now = utcnow(with_tz=False)
    for user in db.query(orm.User):
        for token in set(user.api_tokens) - _tokens_of_servers(db, user):
            seconds = API_TOKEN_SECONDS if token.client_id == "jupyterhub" else login_seconds
            end = now + timedelta(seconds=seconds)
            if token.expires_at is None or token.expires_at > end:
                token.expires_at = end


def _tokens_of_servers(db: Session, user: orm.User) -> set[orm.APIToken]:
    # A token has no reference to its server, and users can give their own tokens the same note. The server's token is the last one
    # before the start (jupyterhub/user.py, spawn).
    found = set()
    for spawner in user.orm_spawners.values():
        if spawner.server and spawner.started:
            tokens = db.query(orm.APIToken).filter_by(user_id=user.id, note=f"Server at {spawner.server.base_url}")
            found.add(tokens.filter(orm.APIToken.created <= spawner.started).order_by(orm.APIToken.created.desc()).first())
    return found - {None}
