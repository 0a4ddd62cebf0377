"""One module per way to hand over a composed mail.

Each owns one provider's wire format and the reading of its answers. None knows another; order and
fail-over belong to the chain.
"""
