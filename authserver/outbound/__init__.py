"""Calls to other servers: one door for the operator's targets, one for clients'.

Owns time-outs, size caps and the guard against private networks. What is said, and what an answer
means, belongs to the callers.
"""
