"""The provider's protocol rules, as synchronous use cases.

Owns requests, tokens, discovery, registration and sign-out as the specifications have them. How a
person proves who they are belongs to `flows`; both meet in the Interaction.
"""
