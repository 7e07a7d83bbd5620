# SPDX-License-Identifier: GPL-2.0-only
"""The VM with a screen: runs a command in it, takes pictures of what it shows."""

import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import zlib

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Picture:
    """What a screen shows: width, height and three bytes a pixel."""

    def __init__(self, ppm):
        magic, size, depth, self.pixels = ppm.split(b"\n", 3)
        if magic != b"P6" or depth != b"255":
            raise ValueError("QEMU wrote no PPM as we know it")
        self.width, self.height = map(int, size.split())
        if len(self.pixels) != 3 * self.width * self.height:
            raise ValueError("QEMU's PPM is not whole")

    def row(self, y, x, width):
        start = 3 * (y * self.width + x)
        return self.pixels[start:start + 3 * width]

    def crop(self, x, y, width, height):
        return [self.row(y + i, x, width) for i in range(height)]

    def png(self):
        def chunk(name, data):
            body = name + data
            return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
        lines = b"".join(b"\0" + self.row(y, 0, self.width) for y in range(self.height))
        return (b"\x89PNG\r\n\x1a\n"
                + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0))
                + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


class Qmp:
    """QEMU's monitor, as far as we need it."""

    def __init__(self, path, alive):
        while not os.path.exists(path):
            if not alive():
                raise EOFError("the VM ended before it began")
            time.sleep(0.1)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")
        self.file.readline()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        self.file.write(json.dumps({"execute": command, "arguments": arguments}) + "\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "error" in answer:
                raise ValueError(answer["error"]["desc"])
            if "return" in answer:
                return answer["return"]

    def close(self):
        self.file.close()
        self.socket.close()


class Guest:
    """A VM with a GPU in which a command runs; read its lines, write to it."""

    def __init__(self, command, options=(), errors=None):
        # A socket's path must be short, and a checkout's may be long.
        self.directory = tempfile.mkdtemp(prefix="lutna-screen.")
        path = os.path.join(self.directory, "qmp")
        self.process = subprocess.Popen(
            [os.path.join(TOP, "tools", "vm"), "--gpu", "--qmp", path, *options, "--", *command],
            cwd=TOP, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
        self.qmp = None
        self.path = path

    def line(self):
        """The command's next line; EOFError at its end."""
        text = self.process.stdout.readline()
        if not text:
            raise EOFError("the command in the VM said no more")
        return text.rstrip("\n")

    def enter(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def picture(self):
        if not self.qmp:
            self.qmp = Qmp(self.path, lambda: self.process.poll() is None)
        ppm = os.path.join(self.directory, "screen.ppm")
        self.qmp.execute("screendump", filename=ppm)
        with open(ppm, "rb") as f:
            return Picture(f.read())

    def close(self):
        """Ends the command's input and waits for its exit status."""
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.stdout.read()
        status = self.process.wait()
        if self.qmp:
            self.qmp.close()
        shutil.rmtree(self.directory, ignore_errors=True)
        return status
