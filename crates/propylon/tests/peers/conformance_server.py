"""The fixtures that the official conformance suite asks a server for, on the official Python SDK."""

import argparse
import asyncio
import json
import logging

import mcp_types as types
import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.request_state import RequestStateSecurity
from mcp.server.streamable_http import EventMessage, EventStore
from mcp_types import ImageContent, InputRequiredResult, TextContent

# One red pixel, and a WAV file of no samples.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8DwHwAFAAH/iZk9HQAAAABJRU5ErkJggg=="
SILENCE = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQAAAAA="

STRING = {"type": "string"}
DEFAULTS = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
PLAIN = ["option1", "option2", "option3"]
TITLED = [{"const": f"value{number}", "title": f"Choice {number}"} for number in (1, 2, 3)]
ENUMS = {
    "untitledSingle": {"type": "string", "enum": PLAIN},
    "titledSingle": {"type": "string", "oneOf": TITLED},
    "legacyEnum": {"type": "string", "enum": ["opt1", "opt2", "opt3"], "enumNames": ["One", "Two", "Three"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": PLAIN}},
    "titledMulti": {"type": "array", "items": {"anyOf": TITLED}},
}


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


def text(words):
    return [TextContent(type="text", text=words)]


def embedded(uri, words, kind="text/plain"):
    contents = types.TextResourceContents(uri=uri, mime_type=kind, text=words)
    return types.EmbeddedResource(type="resource", resource=contents)


def form(message, **properties):
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


def model(prompt):
    message = types.SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    return types.CreateMessageRequest(params=types.CreateMessageRequestParams(messages=[message], max_tokens=100))


async def elicit(ctx, message, properties, required=()):
    schema = {"type": "object", "properties": properties, "required": list(required)}
    result = await ctx.session.elicit_form(message, schema, related_request_id=ctx.request_id)
    return f"action={result.action}, content={json.dumps(result.content)}"


def add_contents(server):
    @server.tool(description="A fixture of the suite.")
    async def test_simple_text() -> str:
        return "This is a simple text response for testing."

    @server.tool(description="A fixture of the suite.")
    async def test_image_content() -> list[ImageContent]:
        return [ImageContent(type="image", data=PIXEL, mime_type="image/png")]

    @server.tool(description="A fixture of the suite.")
    async def test_audio_content() -> list[types.AudioContent]:
        return [types.AudioContent(type="audio", data=SILENCE, mime_type="audio/wav")]

    @server.tool(description="A fixture of the suite.")
    async def test_embedded_resource() -> list[types.EmbeddedResource]:
        return [embedded("test://embedded-resource", "This is an embedded resource content.")]

    @server.tool(description="A fixture of the suite.")
    async def test_multiple_content_types() -> list[TextContent | ImageContent | types.EmbeddedResource]:
        image = ImageContent(type="image", data=PIXEL, mime_type="image/png")
        mixed = embedded("test://mixed-content-resource", '{"test":"data","value":123}', "application/json")
        return [*text("Multiple content types test:"), image, mixed]

    @server.tool(description="A fixture of the suite.")
    async def test_error_handling() -> str:
        raise RuntimeError("This tool intentionally returns an error for testing")

    @server.tool(description="A fixture of the suite.")
    async def test_tool_with_logging(ctx: Context) -> str:
        for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
            await ctx.info(words)
            await asyncio.sleep(0.05)
        return "logged"

    @server.tool(description="A fixture of the suite.")
    async def test_tool_with_progress(ctx: Context) -> str:
        for done in (0, 50, 100):
            await ctx.report_progress(done, 100)
            await asyncio.sleep(0.05)
        return "done"

    @server.tool(description="A fixture of the suite.")
    async def test_reconnection(ctx: Context) -> str:
        await ctx.close_sse_stream()
        await asyncio.sleep(0.3)
        return "Reconnection test completed"


def add_questions(server):
    @server.tool(description="A fixture of the suite.")
    async def test_sampling(prompt: str, ctx: Context) -> str:
        params = model(prompt).params
        result = await ctx.session.create_message(
            messages=params.messages, max_tokens=params.max_tokens, related_request_id=ctx.request_id
        )
        return f"LLM response: {result.content.text}"

    @server.tool(description="A fixture of the suite.")
    async def test_elicitation(message: str, ctx: Context) -> str:
        said = await elicit(ctx, message, {"username": STRING, "email": STRING}, ["username", "email"])
        return f"User response: {said}"

    @server.tool(description="A fixture of the suite.")
    async def test_elicitation_sep1034_defaults(ctx: Context) -> str:
        return "Elicitation completed: " + await elicit(ctx, "Defaults", DEFAULTS)

    @server.tool(description="A fixture of the suite.")
    async def test_elicitation_sep1330_enums(ctx: Context) -> str:
        return "Elicitation completed: " + await elicit(ctx, "Choices", ENUMS)


def asked(state=None, **requests):
    return InputRequiredResult(input_requests=requests, request_state=state)


def add_rounds(server):
    """Tools of the modern revision that come back with questions instead of asking in the middle."""

    name = {"user_name": form("What is your name?", name=STRING)}

    def one(tool, requests, answer, state=None):
        async def run(ctx: Context) -> str | InputRequiredResult:
            given = ctx.input_responses or {}
            if not all(key in given for key in requests):
                return asked(state, **requests)
            return answer(given)

        server.tool(name=tool, description="A fixture of the suite.")(run)

    def said(given):
        return f"Hello, {given['user_name'].content['name']}!"

    one("test_input_required_result_elicitation", name, said)
    one(
        "test_input_required_result_sampling",
        {"capital_question": model("What is the capital of France?")},
        lambda given: given["capital_question"].content.text,
    )
    one(
        "test_input_required_result_list_roots",
        {"client_roots": types.ListRootsRequest()},
        lambda given: " ".join(str(root.uri) for root in given["client_roots"].roots),
    )
    confirm = {"confirm": form("Please confirm", ok={"type": "boolean"})}
    one("test_input_required_result_request_state", confirm, lambda given: "state-ok", "confirming")
    one("test_input_required_result_tampered_state", confirm, lambda given: "state-ok", "confirming")
    several = {**name, "greeting": model("Generate a greeting"), "client_roots": types.ListRootsRequest()}
    one("test_input_required_result_multiple_inputs", several, lambda given: "all answered", "several")

    @server.tool(description="A fixture of the suite.")
    async def test_input_required_result_multi_round(ctx: Context) -> str | InputRequiredResult:
        given = ctx.input_responses or {}
        if "step1" in given:
            return asked("round-2", step2=form("Step 2: What is your favorite color?", color=STRING))
        if "step2" in given:
            return "both steps answered"
        return asked("round-1", step1=form("Step 1: What is your name?", name=STRING))

    @server.tool(description="A fixture of the suite.")
    async def test_input_required_result_capabilities(ctx: Context) -> str | InputRequiredResult:
        if ctx.input_responses:
            return "answered"
        able = ctx.client_capabilities
        requests = {}
        if able is not None and able.sampling is not None:
            requests["greeting"] = model("Generate a greeting")
        if able is not None and able.elicitation is not None:
            requests.update(name)
        return asked(**requests) if requests else "nothing can be asked"

    @server.prompt(description="A fixture of the suite.")
    async def test_input_required_result_prompt(ctx: Context) -> str | InputRequiredResult:
        given = ctx.input_responses or {}
        if "user_context" not in given:
            return asked(user_context=form("What context should the prompt use?", context=STRING))
        return f"Use {given['user_context'].content['context']}"


def add_rest(server):
    @server.resource("test://static-text", mime_type="text/plain")
    async def static_text() -> str:
        return "This is the content of the static text resource."

    @server.resource("test://static-binary", mime_type="image/png")
    async def static_binary() -> bytes:
        return b"\x89PNG"

    @server.resource("test://watched-resource", mime_type="text/plain")
    async def watched() -> str:
        return "watched"

    @server.resource("test://template/{id}/data", mime_type="application/json")
    async def template(id: str) -> str:
        return json.dumps({"id": id, "templateTest": True, "data": f"Data for ID: {id}"})

    @server.prompt(description="A fixture of the suite.")
    async def test_simple_prompt() -> str:
        return "This is a simple prompt for testing."

    @server.prompt(description="A fixture of the suite.")
    async def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        return f"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'"

    @server.prompt(description="A fixture of the suite.")
    async def test_prompt_with_embedded_resource(resourceUri: str) -> list:
        from mcp.server.mcpserver.prompts.base import UserMessage

        return [UserMessage(embedded(resourceUri, "Embedded resource content for testing.")), UserMessage("Use it.")]

    @server.prompt(description="A fixture of the suite.")
    async def test_prompt_with_image() -> list:
        from mcp.server.mcpserver.prompts.base import UserMessage

        return [UserMessage(ImageContent(type="image", data=PIXEL, mime_type="image/png")), UserMessage("See it.")]

    @server.completion()
    async def complete(ref, argument, context) -> types.Completion:
        return types.Completion(values=[], total=0, has_more=False)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    arguments.add_argument("--name", required=True)
    given = arguments.parse_args()
    logging.disable(logging.INFO)
    security = RequestStateSecurity(keys=["propylon-test-key-for-request-state"], audience="propylon-test")
    server = MCPServer(given.name, version="1", request_state_security=security)
    add_contents(server)
    add_questions(server)
    add_rounds(server)
    add_rest(server)
    app = server.streamable_http_app(event_store=Events(), retry_interval=200)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_level="warning", timeout_graceful_shutdown=1)


main()
