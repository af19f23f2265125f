"""Makes ``twistd dispatcher`` known to Twisted; imports nothing of ours."""

from twisted.application.service import ServiceMaker

dispatcher = ServiceMaker(
    "dispatcher",
    "dispatch.service.tap",
    "A SIP load balancer: Kamailio's dispatcher as a service of its own.",
    "dispatcher",
)
