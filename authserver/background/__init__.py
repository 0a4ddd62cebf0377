"""The loops beside the edge: dispatchers and housekeeping.

Owns waking, draining and pacing. What a round does is a function it is given.
"""
