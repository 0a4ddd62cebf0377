"""One module per grant type of the token endpoint.

Each owns what is peculiar to it. The phases all of them share are in `token_endpoint`; none knows
another, and `composition` lists them.
"""
