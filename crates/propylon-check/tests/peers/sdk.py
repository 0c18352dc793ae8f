"""Talks to a probe with the Python SDK in both eras and over HTTP+SSE, and prints what it got as one JSON line."""

import asyncio
import json
import sys

from mcp import Client, ClientSession
from mcp.client.sse import sse_client


async def use(client):
    progress = []

    async def on_progress(_progress, _total, message):
        progress.append(json.loads(message)["n"])

    streamed = await client.call_tool("stream", {"events": 3, "interval_ms": 20}, progress_callback=on_progress)
    echo = await client.call_tool("echo_request", {"region": "us", "tenant": "é"})
    lines = [line for line in echo.structured_content["request"]["lines"] if line.lower().startswith("mcp-param-")]
    return {
        "tools": len((await client.list_tools()).tools),
        "progress": progress,
        "emissions": len(streamed.structured_content["emissions"]),
        "era": echo.structured_content["era"],
        "transport": echo.structured_content["transport"],
        "mirrored": sorted(lines),
        "contents": len((await client.read_resource("probe://clock")).contents),
        "messages": len((await client.get_prompt("greeting", {"name": "Ada"})).messages),
    }


async def main(base):
    seen = {}
    for mode in ("legacy", "auto"):
        async with Client(base + "/mcp", mode=mode) as client:
            seen[mode] = await use(client)
    async with sse_client(base + "/old/sse") as (reader, writer):
        async with ClientSession(reader, writer) as session:
            await session.initialize()
            seen["sse"] = await use(session)
    print(json.dumps(seen))


asyncio.run(main(sys.argv[1]))
