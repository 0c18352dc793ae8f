"""Calls, streams and leaves a stream over HTTP/2, by httpx: http2_client.py URL CA"""

import json
import sys

import httpx

url, ca = sys.argv[1:3]


def say(step, **more):
    print(json.dumps({"step": step, **more}), flush=True)


with httpx.Client(http2=True, http1=False, verify=ca, timeout=20) as client:
    for number in range(3):
        answer = client.post(url, json={"jsonrpc": "2.0", "id": number, "method": "ping"})
        say(f"call {number}", version=answer.http_version, status=answer.status_code, id=answer.json()["id"])
    message = {"jsonrpc": "2.0", "id": 9, "method": "watched"}
    with client.stream("POST", url, json=message) as answer:
        lines = [line for line, _ in zip((line for line in answer.iter_lines() if line), range(3))]
        say("stream", version=answer.http_version, lines=lines)
    answer = client.post(url, json={"jsonrpc": "2.0", "id": 10, "method": "ping"})
    say("after", status=answer.status_code)
say("end")
