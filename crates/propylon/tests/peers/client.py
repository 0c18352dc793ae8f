"""The official Python SDK as a client: walks through a scenario against URL and prints one JSON line a step."""

import argparse
import asyncio
import json
import sys
import time

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

# What the everything server calls the tools of our own servers.
EVERYTHING = {
    "add": ("get-sum", {"a": 2, "b": 3}),
    "progress": ("trigger-long-running-operation", {"duration": 0.6, "steps": 4}),
    "ask": ("trigger-elicitation-request", {}),
    "sample": ("trigger-sampling-request", {"prompt": "Say a word", "maxTokens": 10}),
    "notify": ("toggle-simulated-logging", {}),
    "whoami": ("get-env", {}),
}
STANDARD = {
    "add": ("add", {"a": 2, "b": 3}),
    "progress": ("progress", {"count": 4, "pause": 0.15}),
    "ask": ("ask", {}),
    "sample": ("sample", {}),
    "notify": ("notify", {}),
    "whoami": ("whoami", {}),
}


def say(step, **fields):
    print(json.dumps({"step": step, **fields}), flush=True)


def text(result):
    words = " ".join(block.text for block in result.content if block.type == "text")
    if result.is_error:
        raise RuntimeError(f"the tool failed: {words}")
    return words


def instance(result):
    """The instance that answered; the everything server says it by its environment."""
    words = text(result)
    return json.loads(words)["PROPYLON_INSTANCE"] if words.startswith("{") else words


async def elicited(context, params):
    wanted = params.requested_schema.get("required") or ["value"]
    return types.ElicitResult(action="accept", content={name: "blue" for name in wanted})


async def sampled(context, params):
    return types.CreateMessageResult(
        role="assistant", content=types.TextContent(type="text", text="propylon"), model="none"
    )


class Walk:
    def __init__(self, given):
        self.given = given
        self.names = EVERYTHING if given.kind == "everything" else STANDARD
        self.notes = asyncio.Queue()
        self.session = None

    async def on_message(self, message):
        await self.notes.put((time.monotonic(), getattr(message, "method", "")))

    async def on_log(self, params):
        await self.notes.put((time.monotonic(), "notifications/message"))

    async def keep_session(self, response):
        self.session = response.headers.get("mcp-session-id", self.session)

    def client(self):
        http = httpx2.AsyncClient(timeout=30, event_hooks={"response": [self.keep_session]})
        return Client(
            streamable_http_client(self.given.url, http_client=http),
            mode="legacy" if self.given.era == "legacy" else "2026-07-28",
            read_timeout_seconds=20,
            message_handler=self.on_message,
            logging_callback=self.on_log,
            elicitation_callback=elicited,
            sampling_callback=sampled,
        )

    async def call(self, client, step):
        name, arguments = self.names[step]
        return await client.call_tool(name, arguments)

    async def all(self):
        async with self.client() as client:
            if self.given.era == "modern":
                found = await client.session.discover()
                say("discover", versions=found.supported_versions)
            else:
                say("initialize", version=client.protocol_version, server=client.server_info.name)
            say("list", tools=[tool.name for tool in (await client.list_tools()).tools])
            say("echo", text=text(await client.call_tool("echo", {"message": "naïve ☕ 你好"})))
            say("add", text=text(await self.call(client, "add")))
            await self.progress(client)
            say("ask", text=text(await self.call(client, "ask")))
            say("sample", text=text(await self.call(client, "sample")))
            if self.given.kind == "standard":
                note = (await client.read_resource("note://greeting")).contents[0].text
                prompt = (await client.get_prompt("greet", {"who": "Ada"})).messages[0].content.text
                say("read", resource=note, prompt=prompt)
            if self.given.era == "modern":
                if self.given.mirrored:
                    say("mirrored", text=text(await client.call_tool("where", {"region": "Zürich ☕", "size": 42})))
                if not self.given.no_listen:
                    await self.listen(client)
            else:
                await self.notified(client)
                if self.given.kind == "standard" and not self.given.no_resume:
                    say("resume", text=text(await client.call_tool("polling", {})))
                say("whoami", instance=instance(await self.call(client, "whoami")))
        if self.given.era == "legacy":
            await self.terminated()

    async def progress(self, client):
        name, arguments = self.names["progress"]
        start, arrivals = time.monotonic(), []

        async def on_progress(progress, total, message):
            arrivals.append(round((time.monotonic() - start) * 1000))

        result = text(await client.call_tool(name, arguments, progress_callback=on_progress))
        say("progress", arrivals=arrivals, total=round((time.monotonic() - start) * 1000), text=result)

    async def notified(self, client):
        await asyncio.sleep(0.5)
        while not self.notes.empty():
            self.notes.get_nowait()
        await self.call(client, "notify")
        end = time.monotonic() + 10
        while True:
            _, method = await asyncio.wait_for(self.notes.get(), end - time.monotonic())
            if method in ("notifications/resources/list_changed", "notifications/message"):
                return say("notified", method=method)

    async def listen(self, client):
        """A change is told by the instance it happens on, and the one we listen on is the busiest: slow calls keep the
        others busy as well until a change lands where we listen."""
        async with client.listen(resources_list_changed=True) as subscription:
            told = asyncio.ensure_future(anext(aiter(subscription)))
            rounds = 0
            while not told.done() and rounds < 12:
                busy = [asyncio.ensure_future(client.call_tool("slow", {"seconds": 0.3})) for _ in range(4)]
                await asyncio.sleep(0.1)
                await asyncio.gather(*(self.call(client, "notify") for _ in range(4)), *busy)
                await asyncio.wait([told], timeout=0.1)
                rounds += 1
            say("listened", event=type(await asyncio.wait_for(told, 1)).__name__, rounds=rounds)

    async def terminated(self):
        body = {"jsonrpc": "2.0", "id": 99, "method": "tools/list", "params": {}}
        headers = {"accept": "application/json, text/event-stream", "mcp-session-id": self.session}
        async with httpx2.AsyncClient() as http:
            response = await http.post(self.given.url, json=body, headers=headers)
        say("terminated", status=response.status_code)

    async def sessions(self):
        gate = asyncio.Semaphore(10)

        async def one():
            walk = Walk(self.given)
            async with gate, walk.client() as client:
                return [instance(await walk.call(client, "whoami")) for _ in range(4)]

        seen = await asyncio.gather(*(one() for _ in range(self.given.sessions)))
        moved = [session for session in seen if len(set(session)) > 1]
        say("sessions", count=len(seen), moved=moved, instances=sorted({session[0] for session in seen}))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("url")
    arguments.add_argument("scenario", choices=["all", "sessions"])
    arguments.add_argument("--kind", choices=["everything", "standard"], default="standard")
    arguments.add_argument("--era", choices=["legacy", "modern"], default="legacy")
    arguments.add_argument("--sessions", type=int, default=60)
    arguments.add_argument("--no-resume", action="store_true")
    arguments.add_argument("--no-listen", action="store_true")
    arguments.add_argument("--mirrored", action="store_true", help="call the tool whose arguments headers mirror")
    given = arguments.parse_args()
    try:
        asyncio.run(asyncio.wait_for(getattr(Walk(given), given.scenario)(), 90))
    except BaseException as error:
        say("failed", error=repr(error))
        raise
    say("end")


main()
