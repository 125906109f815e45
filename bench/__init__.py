"""Measures this service on this machine beside the designs others use, in interleaved rounds.

Absolute figures on a shared machine mean little; the ratio of two designs that ran minutes apart on the same
machine means something. Every round is printed and kept, none is picked. ``./run bench [--quick] [--json FILE]``.
"""
