"""The wallet: root DIDs, consents, the holder's items and their cloud custody. It keeps no key."""
