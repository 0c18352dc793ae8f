"""The official Python SDK as a client of every revision: one session at each URL for each, one JSON line for each.

The SDK offers the newest revision with a handshake; an older one is offered in its place.
"""

import argparse
import asyncio
import json

import mcp.client.session
from mcp import Client
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client


def say(step, **fields):
    print(json.dumps({"step": step, **fields}), flush=True)


def text(result):
    words = " ".join(block.text for block in result.content if block.type == "text")
    if result.is_error:
        raise RuntimeError(f"the tool failed: {words}")
    return words


def instance(words):
    return json.loads(words)["PROPYLON_INSTANCE"] if words.startswith("{") else words


async def meet(url, revision, given):
    mode = revision
    if revision in mcp.client.session.HANDSHAKE_PROTOCOL_VERSIONS:
        mcp.client.session.LATEST_HANDSHAKE_VERSION = revision
        mode = "legacy"
    transport = sse_client(url) if given.sse else streamable_http_client(url)
    async with Client(transport, mode=mode, read_timeout_seconds=20) as client:
        tools = [tool.name for tool in (await client.list_tools()).tools]
        echo = text(await client.call_tool("echo", {"message": "naïve ☕"}))
        names = [instance(text(await client.call_tool(given.tool, {}))) for _ in range(3)]
        version = client.protocol_version
    say(f"{url} {revision}", version=version, tools=len(tools), echo=echo, instances=names)


async def walk(given):
    for url in given.urls:
        for revision in given.revisions.split(","):
            await meet(url, revision, given)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("urls", nargs="+")
    arguments.add_argument("--revisions", required=True, help="with commas between; auto lets the SDK find out")
    arguments.add_argument("--tool", required=True, help="the tool that tells the instance")
    arguments.add_argument("--sse", action="store_true", help="over HTTP with SSE")
    given = arguments.parse_args()
    try:
        asyncio.run(asyncio.wait_for(walk(given), 60))
    except BaseException as error:
        say("failed", error=repr(error))
        raise
    say("end")


main()
