"""Starting ``twistd dispatcher`` as an operator does, with what operators get wrong."""

from __future__ import annotations

import socket
from pathlib import Path

from dispatch.test.real import service
from dispatch.test.real.case import RealCase
from dispatch.test.real.process import Process, Socket


class StartTests(RealCase):
    ours_only = True
    programs = ()

    def plan(self) -> service.Plan:
        return service.Plan((self.address(),), ("sip:127.0.0.1:9",))

    def launch(self, config: Path, *sockets: Socket) -> Process:
        process = service.launch("service", self.folder, config, sockets)
        self.started.append(process)
        self.addCleanup(process.stop)
        return process

    def assert_told(self, config: Path, *words: str) -> None:
        """It ends with status 1 and one line that has these words, and is neither traceback nor usage."""
        process = self.launch(config)
        self.assertEqual(process.wait(), 1)
        lines = process.log().strip().splitlines()
        self.assertEqual(len(lines), 1, lines)
        for word in words:
            self.assertIn(word, lines[0])
        self.assertNotIn("Traceback", lines[0])
        self.assertNotIn("Usage", lines[0])

    def test_what_listens(self) -> None:
        """A good start is one line of ours: what listens and what was loaded."""
        plan = self.plan()
        process = self.launch(service.write(self.folder, plan), *plan.sockets)
        process.wait_bound()
        process.wait_logged("listening on")
        (line,) = (line for line in process.log().splitlines() if "listening on" in line)
        self.assertIn(f"udp:{plan.sockets[0].address}", line)
        self.assertIn("1 destinations", line)

    def test_secret(self) -> None:
        """The secret is made at the first start, for nobody else to read."""
        plan = self.plan()
        process = self.launch(service.write(self.folder, plan), *plan.sockets)
        process.wait_bound()
        process.wait_logged("listening on")
        self.assertEqual((self.folder / "secret").stat().st_mode & 0o777, 0o600)

    def test_port_taken(self) -> None:
        """A UDP port that somebody has is named."""
        plan = self.plan()
        (at,) = plan.sockets
        with socket.socket(type=socket.SOCK_DGRAM) as taken:
            taken.bind((at.host, at.port))
            self.assert_told(service.write(self.folder, plan), str(at.port))

    def test_tcp_port_taken(self) -> None:
        """A TCP port that somebody has is named."""
        at = self.address("tcp")
        plan = service.Plan((at,), ("sip:127.0.0.1:9",))
        with socket.socket() as taken:
            taken.bind((at.host, at.port))
            taken.listen()
            self.assert_told(service.write(self.folder, plan), str(at.port))

    def test_no_configuration(self) -> None:
        """A configuration that is not there is named."""
        self.assert_told(self.folder / "nothing.toml", "nothing.toml")

    def test_no_list(self) -> None:
        """A list that is not there is named."""
        config = service.write(self.folder, self.plan())
        (self.folder / "dispatcher.list").unlink()
        self.assert_told(config, "dispatcher.list")

    def test_bad_list(self) -> None:
        """A line of the list that can't be read is named by file and number."""
        config = service.write(self.folder, self.plan())
        (self.folder / "dispatcher.list").write_text("1 sip:127.0.0.1:9\n1\n")
        self.assert_told(config, "dispatcher.list:2:")

    def test_bad_key(self) -> None:
        """A key that we don't know is named by file and line, with the nearest that we do."""
        config = service.write(self.folder, self.plan())
        config.write_text(config.read_text().replace("list_file", "list_fiel"))
        self.assert_told(config, "dispatcher.toml:", "list_fiel", "list_file")

    def test_bad_value(self) -> None:
        """A value of the wrong type is named by file and line."""
        config = service.write(self.folder, self.plan())
        config.write_text(config.read_text().replace("flags = 2", 'flags = "two"'))
        self.assert_told(config, "dispatcher.toml:", "flags")

    def test_no_toml(self) -> None:
        """A file that is no TOML is told with the line."""
        config = service.write(self.folder, self.plan())
        config.write_text("[sip\n")
        self.assert_told(config, "dispatcher.toml:1:")
