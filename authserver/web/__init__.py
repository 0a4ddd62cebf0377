"""The HTTP edge: a handler reads a request, makes one call, answers.

Owns routes, cookies, forms, pages and error responses, and is the only Starlette code of the
server. Every decision is a use case's.
"""
