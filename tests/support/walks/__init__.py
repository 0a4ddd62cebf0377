"""Every way through the pages, as one list of walks.

`dev.py campaign screenshots` walks and photographs all of it in several languages, themes and
widths; tests/browser/test_every_walk.py walks it with and without JavaScript.
"""
