"""The whole gateway minus the web: parse, validate, plan (once per operation), execute."""

from gateway.engine.core import Engine
from gateway.engine.messages import EngineOptions, GatewayRequest, GatewayResponse

__all__ = ["Engine", "EngineOptions", "GatewayRequest", "GatewayResponse"]
