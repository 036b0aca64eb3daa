"""A language model endpoint that knows a few answers by heart, so that what clients exercise does not
depend on what a small model feels like saying. Asked for the weather with tools at hand it calls
get_weather for each city it finds, in parallel; given their results it reads them out."""
import http.server
import json
import re
import threading

CITIES = ["Paris", "Rome", "Oslo"]


def answer(request):
    """(text, [(id, name, arguments)]) for a chat completions request."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        results = [m["content"] for m in request["messages"] if m["role"] == "tool"]
        return " ".join(results[-2:]), []
    text = last.get("content") or ""
    if request.get("tools") and "weather" in text.lower():
        return "", [(f"call_{city.lower()}", "get_weather", json.dumps({"city": city}))
                    for city in CITIES if city in text]
    if text.endswith("Count, please."):
        return "One, two, three, four, five, six, seven, eight, nine, ten. " * 4, []
    return "Hello there, how can I help you today?", []


class StubLlm:
    def __init__(self):
        stub = self
        self.requests = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                stub.requests.append(request)
                text, calls = answer(request)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                for word in re.findall(r"\S+\s*", text):
                    self.chunk({"content": word})
                for index, (call_id, name, arguments) in enumerate(calls):
                    self.chunk({"tool_calls": [{"index": index, "id": call_id, "type": "function",
                                                "function": {"name": name,
                                                             "arguments": arguments}}]})
                self.chunk({}, finish="tool_calls" if calls else "stop",
                           usage={"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30})
                self.wfile.write(b"data: [DONE]\n\n")
                self.close_connection = True

            def chunk(self, delta, finish=None, **more):
                body = {"id": "c", "object": "chat.completion.chunk", "model": "stub",
                        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
                self.wfile.write(f"data: {json.dumps(body)}\n\n".encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
