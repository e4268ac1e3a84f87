"""What carries the load in turn: our relay, a bare loop in C, and rtpengine in user space.

Each is a process of its own on one core, with a near and a far port for each call.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from baluardo.calls.relay.engine import MediaRelay
from baluardo.calls.relay.sockets import open_pair

CORE: Final = 0
HOST: Final = "127.0.0.1"
FRAGMENTS: Final = ("loadbrowser", "loadother")
RTPENGINE: Final = "rtpengine"
START_S: Final = 60.0
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")

C_LOOP: Final = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#define BATCH 32
static struct sockaddr_in local(int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}
int main(int argc, char **argv) {
  int calls = atoi(argv[1]), urgent = atoi(argv[4]), epoll = epoll_create1(0);
  struct sockaddr_in targets[2] = {local(atoi(argv[3])), local(atoi(argv[2]))};
  int *fds = malloc(2 * calls * sizeof(int));
  for (int k = 0; k < 2 * calls; k++) {
    struct sockaddr_in own = local(0);
    socklen_t size = sizeof own;
    fds[k] = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (fds[k] < 0 || bind(fds[k], (void *)&own, sizeof own)) return 1;
    getsockname(fds[k], (void *)&own, &size);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = k};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[k], &event);
    printf("%d ", ntohs(own.sin_port));
  }
  struct sched_param parameter = {10};
  if (urgent) sched_setscheduler(0, SCHED_FIFO, &parameter);
  printf("\n");
  fflush(stdout);
  static char rows[BATCH][2048];
  static struct sockaddr_in names[BATCH];
  struct iovec vectors[BATCH];
  struct mmsghdr messages[BATCH];
  struct epoll_event events[256];
  for (;;) {
    int ready = epoll_wait(epoll, events, 256, -1);
    for (int e = 0; e < ready; e++) {
      int k = events[e].data.u32;
      for (int m = 0; m < BATCH; m++) {
        vectors[m] = (struct iovec){rows[m], sizeof rows[m]};
        messages[m] = (struct mmsghdr){.msg_hdr = {&names[m], sizeof names[m], &vectors[m], 1}};
      }
      int count = recvmmsg(fds[k], messages, BATCH, MSG_DONTWAIT, NULL);
      for (int m = 0; m < count; m++) {
        vectors[m].iov_len = messages[m].msg_len;
        messages[m].msg_hdr.msg_name = &targets[k & 1];
        messages[m].msg_hdr.msg_namelen = sizeof targets[0];
      }
      if (count > 0) sendmmsg(fds[k ^ 1], messages, count, MSG_DONTWAIT);
    }
  }
}
"""


class Peer(ABC):
    """A relay in a process of its own."""

    lead: int = 0
    """Octets before each datagram on its far side."""
    ports: tuple[list[int], list[int]]

    def __init__(self, command: Sequence[str], *, urgent: bool = False) -> None:
        """Start it on its core; `urgent` where it cannot ask for real time itself."""
        before = ["chrt", "-f", "10"] if urgent else []
        self.process = subprocess.Popen(
            ["taskset", "-c", str(CORE), *before, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @abstractmethod
    def open(self, calls: int, near: int, far: int) -> None:
        """Have it carry calls between the load's two ports; sets `ports`."""

    def cpu_s(self) -> float:
        """Processor time that it has used."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.communicate()

    def line(self) -> str:
        """Read a line that it writes."""
        said = self.process.stdout.readline() if self.process.stdout else ""
        if not said:
            raise RuntimeError(f"{type(self).__name__} ended before it relayed.")
        return said


class Baluardo(Peer):
    """Ours."""

    lead = 1

    def __init__(self, urgent: bool) -> None:
        """Start it."""
        serve = f"import relay_peers; relay_peers.serve({urgent})"
        os.environ["PYTHONPATH"] = str(Path(__file__).parent)
        super().__init__([sys.executable, "-c", serve])

    def open(self, calls: int, near: int, far: int) -> None:  # noqa: ARG002 - it is shown
        """Add the sessions; the browser shows itself to each by `show`."""
        print(json.dumps([calls, far]), file=self.process.stdin, flush=True)
        ports = json.loads(self.line())
        self.ports = ports[0], ports[1]

    def show(self, near: socket.socket) -> None:
        """Send each session the browser's first request."""
        browser, other = FRAGMENTS
        user = f"{other}:{browser}".encode()
        attribute = struct.pack(">HH", 0x0006, len(user)) + user + bytes(-len(user) % 4)
        header = struct.pack(">HHI12x", 0x0001, len(attribute), 0x2112A442)
        for port in self.ports[0]:
            near.sendto(header + attribute, (HOST, port))
            time.sleep(0.0002)

    def idle_core_share(self, seconds: float) -> float:
        """Processor time with nothing to carry, as a share of one core."""
        before = self.cpu_s()
        time.sleep(seconds)
        return (self.cpu_s() - before) / seconds


def serve(urgent: bool) -> None:
    """Be our relay: read how many calls and the load's far port, write the ports."""
    relay = MediaRelay(os.urandom(16), [ip_network("127.0.0.0/8")])
    relay.start(real_time=urgent)
    calls, far_port = json.loads(sys.stdin.readline())
    ports: tuple[list[int], list[int]] = ([], [])
    for number in range(calls):
        near, far = open_pair(HOST, HOST)
        for each, of in zip((near, far), ports, strict=True):
            of.append(each.getsockname()[1])
        relay.add(str(number), near, far)
        relay.expect(str(number), *FRAGMENTS)
        relay.set_other(str(number), HOST, far_port)
    print(json.dumps(ports), flush=True)
    sys.stdin.read()


class CLoop(Peer):
    """epoll, recvmmsg and sendmmsg to a known address, and nothing else."""

    def __init__(self, urgent: bool) -> None:
        """Compile it."""
        self._folder = tempfile.TemporaryDirectory()
        self._urgent = urgent
        self._program = str(Path(self._folder.name, "loop"))
        subprocess.run(
            ["cc", "-O2", "-x", "c", "-", "-o", self._program], input=C_LOOP, text=True, check=True
        )

    def open(self, calls: int, near: int, far: int) -> None:
        """Start it."""
        super().__init__([self._program, str(calls), str(near), str(far), str(int(self._urgent))])
        ports = [int(each) for each in self.line().split()]
        self.ports = ports[::2], ports[1::2]

    def close(self) -> None:
        """End it, and forget the program."""
        super().close()
        self._folder.cleanup()


class RtpEngine(Peer):
    """rtpengine with one thread, in user space, told of calls over its NG protocol."""

    def __init__(self, urgent: bool) -> None:
        """Start it and wait until it answers."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind((HOST, 0))
            self._control = free.getsockname()
        super().__init__(
            [
                RTPENGINE,
                "--config-file=none",
                "--foreground",
                "--log-stderr",
                "--log-level=2",
                "--table=-1",
                "--num-threads=1",
                "--port-min=20000",
                "--port-max=32000",
                f"--interface={HOST}",
                f"--listen-ng={HOST}:{self._control[1]}",
            ],
            urgent=urgent,
        )

    def open(self, calls: int, near: int, far: int) -> None:
        """Offer and answer each call."""
        self.ports = [], []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(0.5)
            self._ask(asking, {"command": "ping"})
            for number in range(calls):
                asked = {"call-id": f"call{number}", "from-tag": "near", "ICE": "remove"}
                more = {"command": "offer", "sdp": _sdp(near)}
                self.ports[1].append(_port(self._ask(asking, asked | more)))
                more = {"command": "answer", "to-tag": "far", "sdp": _sdp(far)}
                self.ports[0].append(_port(self._ask(asking, asked | more)))

    def _ask(self, asking: socket.socket, question: dict[str, str]) -> str:
        cookie = os.urandom(6).hex()
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            asking.sendto(f"{cookie} {_bencoded(question)}".encode(), self._control)
            with suppress(OSError):
                while not (said := asking.recv(8_192).decode()).startswith(cookie):
                    pass
                return said
            time.sleep(0.1)
        raise RuntimeError("rtpengine did not answer.")


def why_not(peer: type[Peer]) -> str | None:
    """Say what is missing for a peer; None where it can run."""
    if peer is CLoop and shutil.which("cc") is None:
        return "no cc"
    if peer is RtpEngine and shutil.which(RTPENGINE) is None:
        return "no rtpengine (Debian: rtpengine-daemon)"
    return None


def _bencoded(question: dict[str, str]) -> str:
    texts = (text for pair in sorted(question.items()) for text in pair)
    return "d" + "".join(f"{len(each.encode())}:{each}" for each in texts) + "e"


def _sdp(port: int) -> str:
    lines = ["v=0", f"o=- 1 1 IN IP4 {HOST}", "s=-", f"c=IN IP4 {HOST}", "t=0 0"]
    lines += [f"m=audio {port} RTP/AVP 0", "a=sendrecv", "a=rtcp-mux"]
    return "".join(f"{each}\r\n" for each in lines)


def _port(said: str) -> int:
    found = re.search(r"m=audio (\d+)", said)
    if found is None:
        raise RuntimeError(f"rtpengine refused a call: {said}")
    return int(found[1])
