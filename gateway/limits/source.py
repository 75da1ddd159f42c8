"""Bounds of the text, checked on its tokens before it is parsed."""

from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind

from gateway.errors import ParseFailed, TooDeep, TooManyTokens
from gateway.limits.model import DocumentLimits

_OPENING = frozenset({TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L})
_CLOSING = frozenset({TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R})


def check_source(text: str, limits: DocumentLimits) -> None:
    """Raises TooManyTokens, TooDeep, or ParseFailed when the text has no such tokens at all."""
    lexer = Lexer(Source(text))
    tokens = nesting = 0
    try:
        while lexer.advance().kind is not TokenKind.EOF:
            tokens += 1
            if tokens == limits.tokens + 1:
                limits.broken(TooManyTokens(limits.tokens))
            nesting += (lexer.token.kind in _OPENING) - (lexer.token.kind in _CLOSING)
            if nesting > limits.nesting:
                raise TooDeep(limits.nesting)
    except GraphQLSyntaxError as error:
        raise ParseFailed(error.message) from None
