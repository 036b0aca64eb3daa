"""A language model endpoint that answers by heart and remembers what it was asked, so that a test
knows what must be heard, and sees what the model would have known."""
import http.server
import json
import re
import threading

USAGE = {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}


class ScriptedLlm:
    def __init__(self, answer=None):
        """`answer(request)` → (text, [(id, name, arguments)]) for a chat completions request. Without
        it the texts of `answers`: to the first question of a conversation, the second, …; the last
        stays."""
        self.answers = []
        self.asked = []  # the messages of each request, oldest first
        self.answer = answer or self.next_answer
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        self.options = ["--llm-url", url, "--llm-model", "scripted"]  # of `parley up`
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def next_answer(self, request):
        questions = sum(message["role"] == "user" for message in request["messages"])
        return self.answers[min(questions, len(self.answers)) - 1], []

    def handler(self):
        llm = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                llm.asked.append(request["messages"])
                text, calls = llm.answer(request)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                try:
                    self.send_answer(text, calls)
                except OSError:
                    pass  # who asked no longer wants to know

            def send_answer(self, text, calls):
                for word in re.findall(r"\S+\s*", text):
                    self.send_delta({"content": word})
                for index, (call_id, name, arguments) in enumerate(calls):
                    self.send_delta({"tool_calls": [
                        {"index": index, "id": call_id, "type": "function",
                         "function": {"name": name, "arguments": arguments}}]})
                self.send_delta({}, finish="tool_calls" if calls else "stop", usage=USAGE)
                self.wfile.write(b"data: [DONE]\n\n")

            def send_delta(self, delta, finish=None, **more):
                chunk = {"id": "1", "object": "chat.completion.chunk", "model": "scripted",
                         "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

            def log_message(self, *_):
                pass

        return Handler

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
