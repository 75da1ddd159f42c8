"""The whole gateway minus the web: parse, validate, plan (once per operation), execute."""

from gateway.engine.core import Engine
from gateway.engine.messages import Audience, EngineOptions, GatewayRequest, GatewayResponse

__all__ = ["Audience", "Engine", "EngineOptions", "GatewayRequest", "GatewayResponse"]
