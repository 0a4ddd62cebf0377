"""What operators do, once command line and console both need it.

Owns changes of clients, accounts, documents and keys, with their audit events. Pages, options and
output belong to its callers.
"""
