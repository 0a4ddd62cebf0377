"""Handlers of the pages a person walks through.

They own forms and redirects; what a form leads to is decided in `flows`.
"""
