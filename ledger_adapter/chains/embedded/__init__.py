"""The chain that comes with the ledger: two nodes and the witnesses vote on blocks of log heads.

A block is final with a quorum of votes, one height after the other. Which node may propose is
settled by ballots (epoch and node): a voter promises the greatest ballot it has seen and votes for
nobody below it, so a node that slept through its replacement is fenced; and it tells a new
proposer what it has voted for, so what may already be final is proposed again, never replaced.
"""
