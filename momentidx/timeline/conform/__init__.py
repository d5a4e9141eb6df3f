"""What one editing program wants differently: pure functions from a timeline to a timeline.

`targets.py` has one function for each target, made of the passes in the other modules. A target never
changes the timeline it is given; the passes change the copy that the target made.
"""
