"""An MCP server on FastMCP: sessions with its event store for legacy clients, stateless for modern ones."""

import argparse
import asyncio
import logging

import mcp_types as types
import uvicorn
from fastmcp import Context, FastMCP
from fastmcp.server.event_store import EventStore
from mcp.server.request_state import RequestStateSecurity


def question():
    schema = {"type": "object", "properties": {"value": {"type": "string"}}, "required": ["value"]}
    params = types.ElicitRequestFormParams(message="Which colour?", requested_schema=schema)
    return types.ElicitRequest(params=params)


def prompt_for_model():
    text = types.TextContent(type="text", text="Say a word")
    message = types.SamplingMessage(role="user", content=text)
    return types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[message], max_tokens=10))


def build(name):
    # One key for all replicas: a modern call is finished by whichever instance its retry reaches.
    security = RequestStateSecurity(keys=["propylon-test-key-for-request-state"], audience="propylon-test")
    server = FastMCP(name, request_state_security=security)

    @server.tool
    async def echo(message: str) -> str:
        return message

    @server.tool
    async def add(a: int, b: int) -> str:
        return str(a + b)

    @server.tool
    async def whoami() -> str:
        return name

    @server.tool
    async def progress(count: int, pause: float, ctx: Context) -> str:
        for number in range(count):
            await asyncio.sleep(pause)
            await ctx.report_progress(number + 1, count)
        return "done"

    @server.tool
    async def slow(seconds: float) -> str:
        await asyncio.sleep(seconds)
        return name

    @server.tool
    async def ask(ctx: Context) -> str | types.InputRequiredResult:
        if not ctx._is_modern_protocol():
            answer = await ctx.elicit("Which colour?", str)
            return f"answer: {answer.data}"
        if ctx.input_responses:
            return f"answer: {ctx.input_responses['colour'].content['value']}"
        return types.InputRequiredResult(input_requests={"colour": question()}, request_state="asked")

    @server.tool
    async def sample(ctx: Context) -> str | types.InputRequiredResult:
        if not ctx._is_modern_protocol():
            request = prompt_for_model().params
            result = await ctx.session.create_message(
                messages=request.messages, max_tokens=request.max_tokens, related_request_id=ctx.request_id
            )
            return f"model: {result.content.text}"
        if ctx.input_responses:
            return f"model: {ctx.input_responses['word'].content.text}"
        return types.InputRequiredResult(input_requests={"word": prompt_for_model()}, request_state="asked")

    @server.tool
    async def notify(ctx: Context) -> str:
        await ctx.session.send_resource_list_changed()
        return "notified"

    @server.tool
    async def polling(ctx: Context) -> str:
        await ctx.close_sse_stream()
        await asyncio.sleep(0.3)
        return "resumed"

    @server.resource("note://greeting")
    async def greeting() -> str:
        return f"hello from {name}"

    @server.prompt
    async def greet(who: str) -> str:
        return f"Greet {who}"

    return server


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--name", required=True)
    arguments.add_argument("--stateless", action="store_true")
    given = arguments.parse_args()
    logging.disable(logging.INFO)
    store = None if given.stateless else EventStore()
    app = build(given.name).http_app(
        path="/mcp", event_store=store, stateless_http=given.stateless, retry_interval=200 if store else None
    )
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", timeout_graceful_shutdown=1)


main()
