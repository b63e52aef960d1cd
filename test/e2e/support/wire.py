"""Counts what crosses a network interface: python3 wire.py INTERFACE SECONDS MARKER prints JSON; "ready" on stderr first."""

import json
import socket
import sys
import time


def main(interface: str, seconds: str, marker: str) -> None:
    """Prints the number of packets in ESP and of VXLAN in clear text, and of those with the marker in them."""
    found = {"esp": 0, "vxlan": 0, "marked": 0, "largest": 0}
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
    wire.bind((interface, 0))
    wire.settimeout(0.2)
    print("ready", file=sys.stderr, flush=True)
    end = time.monotonic() + float(seconds)
    while time.monotonic() < end:
        try:
            packet = wire.recv(65535)
        except TimeoutError:
            continue
        if packet[12:14] != b"\x08\x00":
            continue
        transport = 14 + 4 * (packet[14] & 15)
        protocol = packet[23]
        port = int.from_bytes(packet[transport + 2 : transport + 4], "big")
        if protocol == 50:
            found["esp"] += 1
            found["largest"] = max(found["largest"], len(packet) - 14)
        if protocol == 17 and port == 4789:
            found["vxlan"] += 1
        # Only between machines: the browser's own connection to the edge has TLS.
        found["marked"] += marker.encode() in packet
    print(json.dumps(found))


main(*sys.argv[1:])
