"""Where a log lies: memory (the reference) and MongoDB, held to one contract suite."""
