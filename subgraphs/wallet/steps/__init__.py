"""What a holder does with her wallet: one file a step of the journey.

Each step reads, decides by the pure modules, and writes state and event in one transaction.
"""
