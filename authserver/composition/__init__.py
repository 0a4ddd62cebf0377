"""Builds the server out of its parts and lists its plug-ins; nothing else knows all of them.

Owns no rule and no state of its own: who looks for behaviour looks elsewhere.
"""
