"""Credentials as data: documents, proofs, disclosures. Pure: no database, no network, no clock."""
