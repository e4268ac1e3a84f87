"""Slots and paths: whom the constellation serves in each 15 s, and what every terminal gets. Pure.

A *claim* is somebody who wants service in a slot: the commercial users of a cell together, or one
of the state's own terminals. Which satellite serves a claim is a function of catalogue, options,
seed, claim and slot alone, so that any process that asks gets the same answer.
"""
