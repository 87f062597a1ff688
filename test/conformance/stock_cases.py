# SPDX-License-Identifier: BSD-3-Clause
"""Sessions and their scenarios: a scenario is a function that takes a rig; its name is what PASS prints."""


class Session:
    """How emulator and testpmd are started, and what runs in that one start."""

    def __init__(self, name, ports=("",), args=(), eal=(), attached=None, wires=None, aligned=False):
        self.name, self.ports, self.args, self.eal = name, list(ports), list(args), list(eal)
        self.attached = range(len(self.ports)) if attached is None else attached  # what testpmd gets, in its order
        self.wires, self.scenarios = wires, []
        # wires: called with the session's directory, gives the wires if they are no TAP interfaces
        self.aligned = aligned  # Rx buffers of 128-byte alignment, which this driver demands for LRO and from revision 0x30 on
        SESSIONS.append(self)

    def driver(self, port):
        return "net_hns3_vf" if ",vf=" in self.ports[port] else "net_hns3"

    def scenario(self, function):
        self.scenarios.append(function)
        return function


SESSIONS = []
