"""Sets up the login at an identity provider; imported only if a class has one, because oauthenticator takes memory."""

from traitlets.config import Config

from ...settings import Paths, Settings, read_outbound, read_secret
from .accounts import accounts_of
from .connection import Connection
from .discovery import Discovery
from .github import GitHubAuthenticator
from .openid import OpenIdAuthenticator


def configure_provider(c: Config, settings: Settings, paths: Paths) -> None:
    """Sets up JupyterHub for the provider of `settings`; raises SettingsError if a file is missing or damaged."""
    options = settings.provider
    is_github = options.kind == "github"
    method = GitHubAuthenticator if is_github else OpenIdAuthenticator
    ca = paths.secrets / "login-ca"
    connection = Connection(options.service, ca if ca.exists() else None, read_outbound(paths))
    mine = c[method.__name__]
    c.JupyterHub.authenticator_class = method
    c.JupyterHub.public_url = f"{settings.public_url}/"
    mine.options, mine.connection = options, connection
    mine.accounts = accounts_of(paths, f"{options.kind} {options.issuer.rstrip('/')} {options.client}")
    mine.oauth_callback_url = f"{settings.public_url}/hub/oauth_callback"
    mine.client_id = options.client
    mine.client_secret = read_secret(paths, "login-secret")
    mine.login_service = options.service
    mine.manage_groups = True  # the groups of the account become those of the user, at each login
    mine.any_allow_config = True  # the rules are in check_allowed; JupyterHub would warn that nobody may log in
    mine.enable_auth_state = False  # no token of a provider is kept: a gateway with the scope admin:users could read them
    if is_github:
        mine.github_url = options.issuer
        mine.scope = ["read:org"] if options.organizations or options.groups else []
    else:
        mine.discovery = Discovery(options.issuer, connection)
