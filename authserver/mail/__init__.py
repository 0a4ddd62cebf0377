"""Composing a mail and handing it to a chain of senders.

Owns templates for mails, fail-over and breakers. Which mail is owed to whom is decided by
`delivery`; nothing here reads the database.
"""
