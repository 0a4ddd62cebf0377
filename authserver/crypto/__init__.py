"""Keys, tokens and hashes: the one home of ciphers, JOSE and argon2.

Owns sealing, derivation, signing and slow hashing. When a key is due or a code has expired is a
rule of `domain`.
"""
