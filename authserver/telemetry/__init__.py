"""Logs and metrics.

Owns the format of log lines, redaction and the counters. Audit events, which are records and not
logs, belong to `domain` and `storage`.
"""
