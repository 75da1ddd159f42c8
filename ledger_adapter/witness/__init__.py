"""Witnesses co-sign tree heads: the process that does it, and how the log asks for it.

A witness keeps one number and one hash a log. It signs a head only after a proof that the head
extends the last one it signed; a log that shows two faces cannot get both of them witnessed.
"""
