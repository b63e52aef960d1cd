"""What a login leaves in a browser until it is needed again: signed cookies that no user's server receives."""


class KeptInBrowser:
    """A handler with cookies for the pages of the hub below `cookie_path`."""

    cookie_path = ""

    def keep_in_browser(self, name: str, value: str) -> None:
        """Sets a signed cookie for the pages below `cookie_path`, so that the servers of users do not receive it."""
        own = self._own_name(name)
        # With subdomains a page of a user's server could set a cookie for the whole domain, but none with this prefix, which needs path /.
        self._set_cookie(own, value, expires_days=None, path="/" if own != name else f"{self.hub.base_url}{self.cookie_path}")

    def kept_in_browser(self, name: str) -> str:
        """Returns the value of a cookie of `keep_in_browser`; "" without one."""
        return (self.get_secure_cookie(self._own_name(name), max_age_days=1) or b"").decode("utf8", "replace")

    def _own_name(self, name: str) -> str:
        return f"__Host-{name}" if self.subdomain_host else name
