"""The only files that know ASGI or settings: bytes in, engine asked, bytes out."""
