"""A line between a client and a server that a test can cut, as a train in a tunnel does: a relay of
TCP connections on a free port of this machine."""
import contextlib
import socket
import threading
import urllib.parse


class Relay:
    """`url` is the server's, through here."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url)
        self.target = (parts.hostname, parts.port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"{parts.scheme}://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.pairs = set()
        self.watched = None  # (bytes to look for in what the server sends, Event)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.cut()

    def cut(self):
        """Ends all connections without a word; new ones may come."""
        with self.lock:
            pairs, self.pairs = self.pairs, set()
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def watch(self, data):
        """An Event that is set when the server sends these bytes."""
        seen = threading.Event()
        self.watched = (data, seen)
        return seen

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
                with self.lock:
                    self.pairs.add((client, server))
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source, sink, watches):
        tail = b""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if watches and self.watched:
                    tail = (tail + data)[-65536 - len(self.watched[0]):]
                    if self.watched[0] in tail:
                        self.watched[1].set()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
