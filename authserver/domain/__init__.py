"""Rules and facts of the field: pure, synchronous, on the standard library.

Owns values, states and decisions. It reads no clock, rolls no dice, and knows neither SQL nor
HTTP nor mail; time and chance come in through `Clock` and `Randomness`.
"""
