"""Handlers of the protocol endpoints.

They own the reading of parameters and the shape of answers; what is allowed is decided in `oidc`.
"""
