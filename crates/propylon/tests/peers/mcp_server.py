"""An MCP server on the official Python SDK: sessions with an event store for legacy clients, stateless for modern ones."""

import argparse
import asyncio
import logging
from typing import Annotated

import uvicorn
from mcp.server import MCPServer
from mcp.server.caching import CACHEABLE_METHODS, CacheHint
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, Resolve, Sample
from mcp.server.request_state import RequestStateSecurity
from mcp.server.streamable_http import EventMessage, EventStore
from mcp_types import SamplingMessage, TextContent
from pydantic import BaseModel, Field


class Events(EventStore):
    """Every event of every stream, in order, for as long as the process lives."""

    def __init__(self):
        self.events = []

    async def store_event(self, stream_id, message):
        self.events.append((stream_id, message))
        return str(len(self.events))

    async def replay_events_after(self, last_event_id, send_callback):
        at = int(last_event_id)
        stream_id = self.events[at - 1][0]
        for number, (stream, message) in enumerate(self.events[at:], at + 1):
            if stream == stream_id and message is not None:
                await send_callback(EventMessage(message, str(number)))
        return stream_id


class Answer(BaseModel):
    value: str


async def question() -> Elicit[Answer]:
    return Elicit("Which colour?", Answer)


async def prompt_for_model() -> Sample:
    text = TextContent(type="text", text="Say a word")
    return Sample([SamplingMessage(role="user", content=text)], max_tokens=10)


def build(name, hints=None):
    # One key for all replicas: a modern call is finished by whichever instance its retry reaches.
    security = RequestStateSecurity(keys=["propylon-test-key-for-request-state"], audience="propylon-test")
    server = MCPServer(name, request_state_security=security, cache_hints=hints)
    runs = {}

    def mirrored(header):
        return Field(json_schema_extra={"x-mcp-header": header})

    @server.tool()
    async def where(region: Annotated[str, mirrored("Region")], size: Annotated[int, mirrored("Size")]) -> str:
        return f"{size} in {region}"

    @server.tool()
    async def echo(message: str) -> str:
        return message

    @server.tool()
    async def add(a: int, b: int) -> str:
        return str(a + b)

    @server.tool()
    async def whoami() -> str:
        return name

    @server.tool()
    async def progress(count: int, pause: float, ctx: Context) -> str:
        for number in range(count):
            await asyncio.sleep(pause)
            await ctx.report_progress(number + 1, count)
        return "done"

    @server.tool()
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return name

    @server.tool()
    async def count(key: str) -> str:
        runs[key] = runs.get(key, 0) + 1
        return str(runs[key])

    outcomes = {}

    @server.tool()
    async def watched(key: str, steps: int, ctx: Context) -> str:
        outcomes[key] = "running"
        try:
            for number in range(steps):
                await ctx.report_progress(number + 1, steps)
                await asyncio.sleep(0.1)
        except asyncio.CancelledError:
            outcomes[key] = "cancelled"
            raise
        outcomes[key] = "finished"
        return "finished"

    @server.tool()
    async def outcome(key: str) -> str:
        return outcomes.get(key, "unknown")

    @server.tool()
    async def ask(answer: Annotated[Answer, Resolve(question)]) -> str:
        return f"answer: {answer.value}"

    @server.tool()
    async def sample(result: Annotated[object, Resolve(prompt_for_model)]) -> str:
        return f"model: {result.content.text}"

    @server.tool()
    async def notify(ctx: Context) -> str:
        await ctx.notify_resources_changed()
        if ctx.protocol_version < "2026-07-28":
            await ctx.session.send_resource_list_changed()
        return "notified"

    @server.tool()
    async def polling(ctx: Context) -> str:
        await ctx.close_sse_stream()
        await asyncio.sleep(0.3)
        return "resumed"

    @server.resource("note://greeting")
    async def greeting() -> str:
        return f"hello from {name}"

    @server.prompt()
    async def greet(who: str) -> str:
        return f"Greet {who}"

    return server


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--name", required=True)
    arguments.add_argument("--stateless", action="store_true")
    arguments.add_argument("--cached", action="store_true", help="says that results hold for a minute")
    arguments.add_argument("--sse", action="store_true", help="HTTP with SSE (2024-11-05) at /sse")
    given = arguments.parse_args()
    logging.disable(logging.INFO)
    store = None if given.stateless else Events()
    hints = {method: CacheHint(ttl_ms=60_000, scope="public") for method in CACHEABLE_METHODS} if given.cached else None
    server = build(given.name, hints)
    if given.sse:
        app = server.sse_app()
    else:
        app = server.streamable_http_app(
            event_store=store, stateless_http=given.stateless, retry_interval=200 if store else None
        )
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", timeout_graceful_shutdown=1)


main()
