"""What a process is started with, read once and frozen.

Owns names, sources, defaults and units, and is the only reader of the environment. What an
operator changes at run time is configuration, and lies in the database.
"""
