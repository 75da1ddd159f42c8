"""Streams of results as protocols: machines without sockets, tasks or clocks."""
