"""Tests of dispatch.service.descriptors."""

from __future__ import annotations

import resource

from twisted.trial.unittest import SynchronousTestCase

from dispatch.service.descriptors import make_room, needed
from dispatch.service.sip_config import Limits


class DescriptorTests(SynchronousTestCase):
    def setUp(self) -> None:
        soft, self.hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, self.hard))

    def test_needed(self) -> None:
        """Each stream socket may have its connections in both directions and those of destinations, UDP has itself."""
        limits = Limits(connections=100, connections_reserved=10)
        self.assertEqual(needed(["udp", "tcp", "tcp"], limits) - needed(["udp"], limits), 2 * 211)
        self.assertEqual(needed(["udp", "udp"], limits) - needed(["udp"], limits), 1)

    def test_it_is_raised(self) -> None:
        """Where the limit is lower than needed it is raised, and nothing is wrong."""
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, self.hard))
        self.assertEqual(make_room(400), "")
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (400, self.hard))
        self.assertEqual(make_room(350), "")
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (400, self.hard))

    def test_it_may_not_be(self) -> None:
        """What the system forbids is told with a remedy, and as much as is allowed is taken."""
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, self.hard))
        self.assertIn("LimitNOFILE", make_room(self.hard + 1))
        self.assertEqual(resource.getrlimit(resource.RLIMIT_NOFILE), (self.hard, self.hard))
