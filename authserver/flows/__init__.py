"""The paths a person walks: sign-in, registration, a new password, their own account.

Owns verifications and the start of a session. It knows no protocol parameter and returns to the
paused request through the Interaction alone.
"""
