# SPDX-License-Identifier: BSD-3-Clause
"""Ask a running emulator: emu_ctl.py SOCKET REQUEST [EXPRESSION]

REQUEST is a JSON object ({"cmd": "stats"}). Prints the answer, or EXPRESSION of it (its keys are names); leaves with 1
if the answer says that it went wrong.
"""
import json
import socket
import sys


def ask(path, request):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as s:
        s.settimeout(10)
        s.connect(path)
        s.sendall(json.dumps(request).encode() + b"\n")
        return json.loads(s.makefile().readline())


if __name__ == "__main__":
    answer = ask(sys.argv[1], json.loads(sys.argv[2]))
    if not answer["ok"]:
        sys.exit(f"emu_ctl.py: {answer['error']}")
    print(eval(sys.argv[3], {}, answer) if len(sys.argv) > 3 else json.dumps(answer))
