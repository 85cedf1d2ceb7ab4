"""Asks for one path every 20 ms until its standard input ends; prints the seconds of each answer.

``python -m bench.probe PORT PATH``: a process of its own, so that other requests do not delay it.
"""

import base64
import http.client
import json
import select
import sys
import time

from bench.peers import SECRET, USER

EVERY_S = 0.02


def main() -> None:
    port, path = int(sys.argv[1]), sys.argv[2]
    credentials = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    answers: list[float] = []
    due = time.perf_counter()
    while not select.select([sys.stdin], [], [], max(0.0, due - time.perf_counter()))[0]:
        begin = time.perf_counter()
        connection.request("GET", path, headers={"Authorization": f"Basic {credentials}"})
        response = connection.getresponse()
        response.read()
        if response.status != http.client.OK:
            sys.exit(f"{path} was answered with {response.status}")
        answers.append(time.perf_counter() - begin)
        due = max(due + EVERY_S, begin)
    print(json.dumps(answers))


if __name__ == "__main__":
    main()
