"""The Python SDK as a client whose server goes away between two calls; it does nothing about that by itself.

Usage: lost_client.py URL GATE; GATE.ready says that the first call is over, and the file GATE appears when the server is
gone.
"""

import asyncio
import json
import os
import pathlib
import sys

from mcp import Client
from mcp.client.streamable_http import streamable_http_client


def say(step, **fields):
    print(json.dumps({"step": step, **fields}), flush=True)


async def walk(url, gate):
    told = []

    async def on_message(message):
        if getattr(message, "method", "") == "notifications/tools/list_changed":
            told.append(message)

    async with Client(
        streamable_http_client(url), mode="legacy", read_timeout_seconds=15, message_handler=on_message
    ) as client:

        async def echo(message):
            return (await client.call_tool("echo", {"message": message})).content[0].text

        tools = client.server_capabilities.tools
        declared = bool(tools and tools.list_changed)
        say("before", text=await echo("before"), declared=declared)
        pathlib.Path(f"{gate}.ready").touch()
        while not os.path.exists(gate):
            await asyncio.sleep(0.05)
        try:
            say("after", texts=[await echo("one"), *await asyncio.gather(*map(echo, ["two", "three", "four"]))])
            say("list", tools=len((await client.list_tools()).tools))
        except Exception as error:
            return say("lost", error=repr(error))
        for _ in range(100 if declared else 0):
            if told:
                break
            await asyncio.sleep(0.1)
        await asyncio.sleep(0.3)
        say("told", count=len(told))


asyncio.run(asyncio.wait_for(walk(*sys.argv[1:3]), 60))
say("end")
