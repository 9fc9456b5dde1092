"""Runs a program whose clock goes faster: `python faster.py SPEED MODULE FUNCTION [ARGUMENT…]`.

An hour of following logs takes two minutes then. The program is as it is; only what it asks of
`time`, and its waits, are scaled.
"""

import importlib
import sys
import threading
import time


def main() -> None:
    speed, module, function = float(sys.argv[1]), sys.argv[2], sys.argv[3]
    sys.argv = [module, *sys.argv[4:]]
    wall, monotonic, sleep, wait = time.time, time.monotonic, time.sleep, threading.Event.wait
    began, base = wall(), monotonic()
    time.time = lambda: began + (wall() - began) * speed
    time.monotonic = lambda: base + (monotonic() - base) * speed
    time.sleep = lambda seconds: sleep(seconds / speed)

    def scaled_wait(self, timeout=None):
        return wait(self, None if timeout is None else timeout / speed)

    threading.Event.wait = scaled_wait
    sys.exit(getattr(importlib.import_module(module), function)())


if __name__ == "__main__":
    main()
