"""The official Python SDK as a client of HTTP with SSE (2024-11-05): opens sessions at URL and prints one JSON line a step."""

import argparse
import asyncio
import json

from mcp import ClientSession
from mcp.client.sse import sse_client


def say(step, **fields):
    print(json.dumps({"step": step, **fields}), flush=True)


def instance(result, tool):
    words = " ".join(block.text for block in result.content if block.type == "text")
    return json.loads(words)["PROPYLON_INSTANCE"] if tool == "get-env" else words


async def session(url, tool):
    async with sse_client(url) as (read, write), ClientSession(read, write) as client:
        await client.initialize()
        names = []
        for _ in range(4):
            names.append(instance(await client.call_tool(tool, {}), tool))
        return names


async def walk(given):
    gate = asyncio.Semaphore(6)

    async def one():
        async with gate:
            return await session(given.url, given.tool)

    seen = await asyncio.gather(*(one() for _ in range(given.sessions)))
    moved = [names for names in seen if len(set(names)) > 1]
    say("sessions", count=len(seen), moved=moved, instances=sorted({names[0] for names in seen}))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("url")
    arguments.add_argument("--tool", default="whoami")
    arguments.add_argument("--sessions", type=int, default=18)
    given = arguments.parse_args()
    try:
        asyncio.run(asyncio.wait_for(walk(given), 60))
    except BaseException as error:
        say("failed", error=repr(error))
        raise
    say("end")


main()
