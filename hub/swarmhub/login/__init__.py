"""Logins: passwords, limits on guesses, names, and the sessions that a login begins."""
