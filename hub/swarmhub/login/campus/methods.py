"""Chooses and sets up the authenticator for the server of a university; each is imported only where it is configured."""

from pathlib import Path

from traitlets.config import Config

from ...settings import Paths, Settings, SettingsError, read_secret
from .options import CasOptions, LdapOptions
from .server import Provider


def configure_campus(c: Config, settings: Settings, paths: Paths) -> None:
    """Sets up CAS, LDAP or LTI; raises SettingsError if a secret is missing, or the root certificate is none."""
    options = settings.campus
    ca = _certificate(paths.secrets / "login-ca")
    provider = Provider(options.service, ca)
    if isinstance(options, CasOptions):
        from .cas import CasAuthenticator
        from .cas_tickets import CasTickets

        c.JupyterHub.authenticator_class = CasAuthenticator
        c.CasAuthenticator.provider = provider
        c.CasAuthenticator.server = options.url
        c.CasAuthenticator.service = f"{settings.public_url}/hub/cas"
        c.CasAuthenticator.groups_attribute = options.groups or ""
        c.CasAuthenticator.tickets = CasTickets(paths.data / "cas-tickets.json")
    elif isinstance(options, LdapOptions):
        from .directory import Directory
        from .ldap import LdapAuthenticator

        reader, password = options.reader or "", read_secret(paths, "login-password") if options.reader else ""
        c.JupyterHub.authenticator_class = LdapAuthenticator
        c.LdapAuthenticator.provider = provider
        c.LdapAuthenticator.directory = Directory(options.url, options.base, options.attribute, reader, password, options.groups, ca)
    else:
        from .lti import LtiAuthenticator

        c.JupyterHub.authenticator_class = LtiAuthenticator
        c.LtiAuthenticator.provider = provider
        c.LtiAuthenticator.issuer = options.issuer
        c.LtiAuthenticator.client = options.client
        c.LtiAuthenticator.deployments = set(options.deployments)
        c.LtiAuthenticator.authorize_url = options.authorize
        c.LtiAuthenticator.jwks_endpoint = options.keys
        c.LtiAuthenticator.callback = f"{settings.public_url}/hub/lti13/oauth_callback"


def _certificate(path: Path) -> str | None:
    try:
        found = path.read_text(encoding="ascii")
        Provider("", found)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        raise SettingsError(f"{path}: {error}\nTo write it again, type: swarmhub up") from error
    return found
