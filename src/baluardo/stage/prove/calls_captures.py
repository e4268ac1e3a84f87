"""What relays carry, captured where their far ports are: can any of it be heard or read.

Frames are given to a decoder of Opus as if they were clear. A control is made by the same encoder,
sent through the same judgement, and must be heard.
"""

from __future__ import annotations

import base64
import contextlib
import json
import math
import socket
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from baluardo.network.links.namespaces import Namespace
from baluardo.stage.prove.calls_ear import TONE_HZ, TONE_SHARE
from baluardo.stage.prove.chromium import Page
from baluardo.stage.prove.result import Finding

ALL_PROTOCOLS: Final = 0x0003
"""ETH_P_ALL of packet(7)."""
BUFFER_OCTETS: Final = 4 << 20
"""The kernel may give less: ask for packets several times a second."""
LARGEST: Final = 2_048
MOST_DECODED: Final = 500
ENTROPY_BITS: Final = 7.98
"""Of an octet, at least: 64 KiB of random octets have 7.997, and Opus of a tone far less."""
SRTP_TAG: Final = 16
"""Octets: AES-GCM of RFC 7714."""
_IPV4_HEAD, _IPV6_HEAD, _UDP_HEAD, _RTP_HEAD = 20, 40, 8, 12
_UDP, _RTP_VERSION, _FIRST_DYNAMIC = 17, 2, 96


class Speech(NamedTuple):
    """The content of an RTP packet that passed between two relays."""

    stream: int
    """SSRC."""
    content: bytes


class RelayCapture:
    """All packets of a site's own network while it is open."""

    def __init__(self, bound: socket.socket) -> None:
        """Take a packet socket."""
        self._socket = bound

    def packets(self) -> list[bytes]:
        """Return what has passed since the last asking; each IPv6 packet whole."""
        found = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found.append(self._socket.recv(LARGEST))
        return found


@contextlib.contextmanager
def relay_capture(hosts: Namespace) -> Iterator[RelayCapture]:
    """Capture what passes a site's own network, where its relay's far ports are, while inside."""

    def opened() -> socket.socket:
        made = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PROTOCOLS))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_OCTETS)
        made.setblocking(False)
        return made

    with hosts.inside(opened) as bound:
        yield RelayCapture(bound)


def speech(packets: Sequence[bytes]) -> list[Speech]:
    """Return the RTP among captured packets, behind one octet of the relays (RFC 3550)."""
    found = []
    for packet in packets:
        head = _udp_at(packet)
        begin = head + _UDP_HEAD + 1
        if head == 0 or len(packet) < begin + _RTP_HEAD:
            continue
        rtp = packet[begin:]
        if rtp[0] >> 6 != _RTP_VERSION or rtp[1] & 0x7F < _FIRST_DYNAMIC:
            continue
        place = _RTP_HEAD + 4 * (rtp[0] & 15)
        if rtp[0] & 0x10 and len(rtp) >= place + 4:
            place += 4 + 4 * struct.unpack_from(">H", rtp, place + 2)[0]
        content = rtp[place : len(rtp) - SRTP_TAG]
        if content:
            found.append(Speech(struct.unpack_from(">I", rtp, 8)[0], content))
    return found


def _udp_at(packet: bytes) -> int:
    """Return where the datagram of a packet begins; 0 for one that is not of UDP."""
    version = packet[0] >> 4 if packet else 0
    if version == 6 and len(packet) >= _IPV6_HEAD and packet[6] == _UDP:
        return _IPV6_HEAD
    if version == 4 and len(packet) >= _IPV4_HEAD and packet[9] == _UDP:
        return 4 * (packet[0] & 15)
    return 0


def entropy_bits(octets: bytes) -> float:
    """Return the entropy of single octets, bits: 8 for what cannot be told from chance."""
    total = len(octets)
    counts = Counter(octets).values()
    return -sum(count / total * math.log2(count / total) for count in counts) if total else 0.0


async def judge_speech(page: Page, captured: Sequence[Speech]) -> list[Finding]:
    """Judge captured frames by decoding them in a page, beside a control that is clear."""
    frames = [each.content for each in captured[:MOST_DECODED]]
    sealed, control = await _decoded(page, frames), await _decoded(page, None)
    bits = entropy_bits(b"".join(each.content for each in captured))
    streams = len({each.stream for each in captured})
    return [
        Finding(
            f"frames at relays, decoded as Opus: share of {TONE_HZ} Hz",
            f"{sealed['share']:.3f} of {len(frames)} frames, {sealed['refused']} undecodable",
            "0.1",
            sealed["share"] < 0.1 and len(frames) == MOST_DECODED and streams >= 2,
        ),
        Finding(
            "a clear frame judged so (control)",
            f"{control['share']:.3f}",
            f"above {TONE_SHARE:g}",
            control["share"] >= TONE_SHARE,
        ),
        Finding(
            "entropy of frames at relays",
            f"{bits:.3f} bits an octet, {sum(len(each.content) for each in captured)} octets",
            f"{ENTROPY_BITS:g}",
            bits >= ENTROPY_BITS,
        ),
    ]


def judge_words(packets: Sequence[bytes], words: Sequence[bytes], count: int) -> Finding:
    """Judge whether packets hold any of some words that were said in a call."""
    told = sum(any(word in each for word in words) for each in packets)
    return Finding(
        "packets at relays with something readable",
        f"{told} of {count}",
        "0",
        told == 0 and count > 0,
    )


async def _decoded(page: Page, frames: Sequence[bytes] | None) -> dict[str, Any]:
    """Decode frames, or those that a tone is encoded into; the tone's share of what comes out."""
    sent = "null"
    if frames is not None:
        sent = json.dumps([base64.b64encode(each).decode() for each in frames])
    return dict(await page.value(f"({_DECODE})({sent}, {TONE_HZ})"))


_DECODE: Final = """async (sent, hertz) => {
  const rate = 48000, span = 960;
  let frames = sent?.map((each) => Uint8Array.from(atob(each), (c) => c.charCodeAt(0)));
  if (!frames) {
    frames = [];
    const encoder = new AudioEncoder({
      output: (chunk) => {
        const octets = new Uint8Array(chunk.byteLength);
        chunk.copyTo(octets);
        frames.push(octets);
      },
      error: () => {},
    });
    encoder.configure({ codec: "opus", sampleRate: rate, numberOfChannels: 1, bitrate: 32000 });
    for (let block = 0; block < 100; block++) {
      const data = Float32Array.from({ length: span }, (_, i) =>
        Math.sin(2 * Math.PI * hertz * (block * span + i) / rate) / 2);
      encoder.encode(new AudioData({ format: "f32-planar", sampleRate: rate, numberOfFrames: span,
        numberOfChannels: 1, timestamp: block * 20000, data }));
    }
    await encoder.flush();
  }
  let power = 0, tone = 0, refused = 0;
  const take = (audio) => {
    const many = audio.numberOfFrames;
    const samples = new Float32Array(many);
    audio.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
    for (let at = 0; at + 480 <= many; at += 480) {
      let here = 0, real = 0, imaginary = 0;
      for (let i = 0; i < 480; i++) {
        here += samples[at + i] ** 2;
        real += samples[at + i] * Math.cos(2 * Math.PI * hertz * i / rate);
        imaginary += samples[at + i] * Math.sin(2 * Math.PI * hertz * i / rate);
      }
      power += here;
      tone += 2 * (real ** 2 + imaginary ** 2) / 480;
    }
    audio.close();
  };
  const fresh = () => {
    const made = new AudioDecoder({ output: take, error: () => {} });
    made.configure({ codec: "opus", sampleRate: rate, numberOfChannels: 1 });
    return made;
  };
  let decoder = fresh();
  for (const [index, data] of frames.entries()) {
    try {
      decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: index * 20000, data }));
      await decoder.flush();
    } catch {
      refused += 1;
      decoder = fresh();
    }
  }
  return { share: power > 0 ? tone / power : 0, refused };
}"""
