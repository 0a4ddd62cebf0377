"""What leaves after the answer: mails owed and logout notices owed.

Owns claiming under a lease, preparing, and recording what came of it. It sends nothing itself:
`mail` and `outbound` do.
"""
