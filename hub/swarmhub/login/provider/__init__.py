"""Logins with an account at an identity provider: OpenID Connect, GitHub, Google, Globus and CILogon."""
