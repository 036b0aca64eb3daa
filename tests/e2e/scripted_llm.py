"""A language model endpoint that answers by heart and remembers what it was asked, so that a test
knows what must be heard, and sees what the model would have known."""
import http.server
import json
import re
import threading


class ScriptedLlm:
    def __init__(self):
        self.answers = []  # to the first question of a conversation, the second, …; the last stays
        self.asked = []  # the messages of each request, oldest first
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, messages):
        questions = sum(message["role"] == "user" for message in messages)
        return self.answers[min(questions, len(self.answers)) - 1]

    def handler(self):
        llm = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                llm.asked.append(request["messages"])
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                try:
                    for word in re.findall(r"\S+\s*", llm.answer(request["messages"])):
                        self.send_delta({"content": word}, None)
                    self.send_delta({}, "stop")
                    self.wfile.write(b"data: [DONE]\n\n")
                except OSError:
                    pass  # who asked no longer wants to know

            def send_delta(self, delta, finish):
                chunk = {"id": "1", "object": "chat.completion.chunk",
                         "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
                self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

            def log_message(self, *_):
                pass

        return Handler

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
