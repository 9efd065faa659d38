"""The limit: read the bytes of standard input and scan them once for images."""

import re
import sys

if __name__ == "__main__":
    matches = re.compile(rb"image: *(\S+)").findall(sys.stdin.buffer.read())
    sys.stdout.write(f"{len(matches)}\n")
