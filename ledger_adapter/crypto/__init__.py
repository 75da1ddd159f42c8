"""Keys, signatures and hashes: everybody signs and hashes through here. Synchronous on purpose.

Laws: our code parses lengths, ranges and curve membership before a library sees a byte; no
secret stands in a repr, a log line or an error; every failure is one of `CryptoError`.
"""
