"""SQL, one module per stored thing: its row, its statements, its mapping.

Owns engines, the unit of work and repositories, which speak in values of `domain`; no row leaves
the package. It decides nothing.
"""
