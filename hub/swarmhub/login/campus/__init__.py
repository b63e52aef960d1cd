"""Logins at the server of a university: CAS, LDAP, and links in the courses of a learning platform (LTI)."""
