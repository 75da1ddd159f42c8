"""Who calls, and how subgraphs are told. Sans-io: files and clocks are handed in."""
