"""Commands one after the other in one process, which the caller watches: a line of JSON each.

`python -m overlay.watched FILE COMMANDS ENVIRONMENT`, the last two JSON; lcli's and AWS's variables
of the process itself are not read. Each line of the file is [name, exit code, hosts and ports that
it spoke to, what it said on stderr].
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from overlay.inside import lcli
from overlay.watch import heard


def main() -> None:
    commands, environ = map(json.loads, sys.argv[2:])
    log = Path(os.environ["LCLI_TEST_WATCH"])
    with open(sys.argv[1], "w") as results:
        for name, words in commands.items():
            said = lcli(Path.cwd(), environ, *words)
            line = [name, said.code, sorted(heard(log)), said.stderr]
            print(json.dumps(line), file=results, flush=True)


if __name__ == "__main__":
    main()
