"""What a route is allowed to say: the request as a routing script sees it."""

from dispatch.script.headers import Leg, Reply
from dispatch.script.route import Request

__all__ = ["Leg", "Reply", "Request"]
