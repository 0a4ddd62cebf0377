"""The authorization request, from its parameters to the code that answers it.

Owns its validation, the decision what comes next, and consent. The token endpoint redeems the
code; `flows` signs the person in.
"""
