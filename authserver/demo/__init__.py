"""A stranger: the relying party that people sign in to when they try the server.

Owns its own small OpenID client and pages. It imports nothing of the server and speaks to it over
HTTP only.
"""
