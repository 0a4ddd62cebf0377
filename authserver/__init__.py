"""A self-hosted OpenID Provider that signs people in with codes sent by e-mail.

Packages are cut by direction of dependency, and imports point down only: commands and edge, use
cases, what is driven, rules. `composition` alone builds the objects.
"""
