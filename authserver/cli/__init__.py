"""The command line: `authserver NOUN VERB`.

Owns arguments, output and exit statuses. A command calls the same use cases as the edge.
"""
