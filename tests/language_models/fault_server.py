"""A server on this machine that speaks the wire formats of Anthropic and of OpenAI, and breaks on demand.

It answers ``/v1/messages`` and ``/v1/chat/completions`` as the services do, streaming where it is asked to, from a
script: one reply a request, the last one for ever.
"""

import dataclasses
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# Of what a reply says if nothing else is wanted.
SCHEMA = {
    "type": "object",
    "properties": {"attributes": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
    "required": ["attributes"],
    "additionalProperties": False,
}


@dataclasses.dataclass
class Reply:
    """One answer on the wire.

    Attributes:
        status: of HTTP.
        text: what the model says, or the message of an error.
        stop: why it stopped, in Anthropic's words.
        code: of an error.
        headers: besides the usual ones.
        delay: seconds before anything is sent.
        raw: the body, instead of one in the wire format.
        media_type: of ``raw``.
        missing: how many of the announced bytes are never sent.
        explanation: of a refusal.
        uncounted: leaves out the tokens, as some local servers do.
        broken_stream: the stream ends with an error instead of a stop.
        words: of each token the likeliest ones with their log-probabilities, the one that was written first; told if
            asked for.
    """

    status: int = 200
    text: str = '{"attributes": ["beak"]}'
    stop: str = "end_turn"
    code: str | None = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    delay: float = 0.0
    raw: str | None = None
    media_type: str = "application/json"
    missing: int = 0
    explanation: str = ""
    uncounted: bool = False
    broken_stream: bool = False
    words: list[dict[str, Any]] | None = None


@dataclasses.dataclass
class Request:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class FaultServer:
    """Use as a context; ``url`` is its address, ``requests`` what it was sent."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.replies: list[Reply] = [Reply()]
        self.requests: list[Request] = []
        self.schemas_known = True
        self.most_told = 20
        """Of how many tokens it tells the probabilities; 0 for none."""
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.tls = certificate is not None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self._http.server_address[1]}"

    def script(self, *replies: Reply) -> None:
        self.replies = list(replies)

    def __enter__(self) -> "FaultServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._released.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def next_reply(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def _handler(server) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = json.loads(self.rfile.read(length))
                headers = {key.lower(): value for key, value in self.headers.items()}
                reply = server.next_reply(Request(self.path, headers, body))
                if reply.delay:
                    server._released.wait(reply.delay)
                if not server.schemas_known and (
                    "response_format" in body or "format" in body.get("output_config", {})
                ):
                    reply = Reply(400, "unknown field response_format / output_config.format", code="bad_request")
                if body.get("top_logprobs", 0) > server.most_told:
                    known = f"at most {server.most_told} top_logprobs" if server.most_told else "no logprobs"
                    reply = Reply(400 if server.most_told else 403, f"You may ask for {known} of this model.")
                media_type, content = _content(reply, self.path, body)
                try:
                    self.send_response(reply.status)
                    self.send_header("content-type", media_type)
                    self.send_header("content-length", str(len(content)))
                    # No test waits for the SDKs' patience.
                    for key, value in {"retry-after-ms": "1", **reply.headers}.items():
                        if value:
                            self.send_header(key, value)
                    self.end_headers()
                    self.wfile.write(content[: len(content) - reply.missing])
                except (BrokenPipeError, ConnectionResetError):
                    pass
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _content(reply: Reply, path: str, body: dict[str, Any]) -> tuple[str, bytes]:
    if reply.raw is not None:
        return reply.media_type, reply.raw.encode()
    anthropic = path == "/v1/messages"
    if reply.status != 200:
        error: dict[str, Any] = {"type": "some_error", "message": reply.text}
        if reply.code:
            error["code"] = reply.code
        whole = {"type": "error", "error": error, "request_id": "req_1"} if anthropic else {"error": error}
        return "application/json", json.dumps(whole).encode()
    if not anthropic:
        return "application/json", json.dumps(_completion(reply, body)).encode()
    message = _message(reply, body)
    if body.get("stream"):
        return "text/event-stream", _events(message, reply)
    return "application/json", json.dumps(message).encode()


def _message(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    details = {"type": "refusal", "category": None, "explanation": reply.explanation} if reply.explanation else None
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [
            {"type": "thinking", "thinking": "", "signature": "abc"},
            *([{"type": "text", "text": reply.text}] if reply.text else []),
        ],
        "stop_reason": reply.stop,
        "stop_sequence": None,
        "stop_details": details,
        "usage": {
            "input_tokens": 100,
            "cache_creation_input_tokens": 30,
            "cache_read_input_tokens": 70,
            "output_tokens": 20,
        },
    }


def _events(message: dict[str, Any], reply: Reply) -> bytes:
    start = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}]
    text = reply.text
    events.append({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    for first in range(0, len(text), 5000):
        delta = {"type": "text_delta", "text": text[first : first + 5000]}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    if reply.broken_stream:
        events.append({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    else:
        events.append({"type": "content_block_stop", "index": 0})
        delta = {"stop_reason": reply.stop, "stop_sequence": None}
        events.append({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 20}})
        events.append({"type": "message_stop"})
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def _completion(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    reasons = {"end_turn": "stop", "max_tokens": "length", "refusal": "stop", "filtered": "content_filter"}
    refused = reply.stop == "refusal"
    message = {
        "role": "assistant",
        "content": None if refused else reply.text,
        "refusal": reply.explanation if refused else None,
    }
    told = reply.words if body.get("logprobs") else None
    completion: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "logprobs": _told(told), "finish_reason": reasons[reply.stop]}],
    }
    if not reply.uncounted:
        details = {"cached_tokens": 70}
        completion["usage"] = {
            "prompt_tokens": 200,
            "completion_tokens": 20,
            "total_tokens": 220,
            "prompt_tokens_details": details,
        }
    return completion


def _told(words: list[dict[str, Any]] | None) -> dict[str, Any] | None:
    if words is None:
        return None
    places = [[{"token": token, "logprob": told, "bytes": None} for token, told in word.items()] for word in words]
    return {"content": [{**place[0], "top_logprobs": place} for place in places], "refusal": None}
