"""The official Python SDK as a client that goes on: one session, a call every 100 ms until FILE is there.

It does not recover by itself: a session that is lost stays lost. Prints one JSON line a call.
"""

import argparse
import asyncio
import json
import os

from mcp import Client
from mcp.client.streamable_http import streamable_http_client


def say(step, **fields):
    print(json.dumps({"step": step, **fields}), flush=True)


async def on_message(message):
    method = getattr(message, "method", None) or getattr(getattr(message, "root", None), "method", "")
    say("notified", method=method)


async def walk(given):
    transport = streamable_http_client(given.url)
    async with Client(transport, mode="legacy", read_timeout_seconds=15, message_handler=on_message) as client:
        say("connected")
        while not os.path.exists(given.file):
            try:
                result = await client.call_tool("whoami", {})
                say("called", instance=" ".join(block.text for block in result.content if block.type == "text"))
            except Exception as error:
                say("failed", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(0.1)
    say("end")


parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("file")
asyncio.run(walk(parser.parse_args()))
