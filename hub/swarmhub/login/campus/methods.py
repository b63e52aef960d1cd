"""Sets up the authenticator for the server of a university; each is imported only where it is configured."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from traitlets.config import Config

from ...settings import Paths, Settings, read_outbound, read_secret
from ..provider.connection import Connection
from .options import CasOptions, LdapOptions

if TYPE_CHECKING:
    from .directory import Directory


def configure_campus(c: Config, settings: Settings, paths: Paths) -> None:
    """Sets up CAS, LDAP or LTI; raises SettingsError if a secret is missing."""
    options, hub = settings.campus, f"{settings.public_url}/hub"
    ca = _ca(paths)
    c.JupyterHub.public_url = f"{settings.public_url}/"
    c.CampusAuthenticator.service = options.service
    c.CampusAuthenticator.manage_groups = True  # the groups of the account become those of the user, at each login
    if isinstance(options, CasOptions):
        from .cas import CasAuthenticator
        from .cas_tickets import CasTickets

        c.JupyterHub.authenticator_class = CasAuthenticator
        c.CasAuthenticator.connection = Connection(options.service, ca, read_outbound(paths))
        c.CasAuthenticator.server = options.url
        c.CasAuthenticator.address = f"{hub}/cas"
        c.CasAuthenticator.after_logout = f"{options.url}/logout?{urlencode({'service': f'{hub}/login'})}"
        c.CasAuthenticator.groups_attribute = options.groups or ""
        c.CasAuthenticator.tickets = CasTickets(paths.data / "cas-tickets.json")
    elif isinstance(options, LdapOptions):
        from .ldap import LdapAuthenticator

        c.JupyterHub.authenticator_class = LdapAuthenticator
        c.LdapAuthenticator.directory = directory_of(options, paths)
    else:
        from ..provider.accounts import accounts_of
        from .lti import LtiAuthenticator

        c.JupyterHub.authenticator_class = LtiAuthenticator
        c.LtiAuthenticator.connection = Connection(options.service, ca, read_outbound(paths))
        c.LtiAuthenticator.accounts = accounts_of(paths, f"lti {options.issuer} {options.client}")
        c.LtiAuthenticator.issuer = options.issuer
        c.LtiAuthenticator.client = options.client
        c.LtiAuthenticator.deployments = set(options.deployments)
        c.LtiAuthenticator.authorize_url = options.authorize
        c.LtiAuthenticator.jwks_endpoint = options.keys
        c.LtiAuthenticator.callback = f"{hub}/lti13/oauth_callback"


def directory_of(options: LdapOptions, paths: Paths) -> "Directory":
    """Returns the directory with the password of its reader; raises SettingsError if that is missing."""
    from .directory import Directory

    password = read_secret(paths, "login-password") if options.reader else ""
    return Directory(options.url, options.base, options.attribute, options.reader or "", password, options.groups, _ca(paths))


def _ca(paths: Paths) -> Path | None:
    ca = paths.secrets / "login-ca"
    return ca if ca.exists() else None
