"""A Unix socket that passes bytes on to another as a bad network does: late, slowly, not at all, or
until it is cut. Its thread lives as long as it does; all methods may be called from any."""
import asyncio
import threading

CHUNK_BYTES = 16_384
CHUNKS_ON_THE_WAY = 64


class FaultProxy:
    def __init__(self, listen, target):
        self.listen, self.target = str(listen), str(target)
        self.delay_s, self.bytes_per_s = 0.0, None
        self.passed_bytes = 0
        self._open = True
        self._connections = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._call(self._start())

    def cut(self):
        """Every connection ends at once; new ones are taken."""
        self._call(self._cut())

    def refuse(self, on=True):
        """As `cut`, and new ones end at once, too."""
        self._open = not on
        if on:
            self.cut()

    def freeze(self, on=True):
        """Nothing passes and nothing ends, as when a cable is pulled."""
        self._call(self._freeze(on))

    def stop(self):
        self.refuse()
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _start(self):
        self._thawed = asyncio.Event()
        self._thawed.set()
        self._server = await asyncio.start_unix_server(self._serve, self.listen)

    async def _stop(self):
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _freeze(self, on):
        if on:
            self._thawed.clear()
        else:
            self._thawed.set()

    async def _cut(self):
        for writer in list(self._connections):
            writer.transport.abort()

    async def _serve(self, reader, writer):
        ends = [writer]
        try:
            if self._open:
                there, back = await asyncio.open_unix_connection(self.target)
                ends.append(back)
                self._connections.update(ends)
                await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        except OSError:
            pass  # one side is gone, and so will be the other
        finally:
            for end in ends:
                self._connections.discard(end)
                end.transport.abort()

    async def _pass(self, reader, writer):
        way = asyncio.Queue(CHUNKS_ON_THE_WAY)
        arriving = asyncio.ensure_future(self._arrive(way, writer))
        try:
            while data := await reader.read(CHUNK_BYTES):
                await way.put((self._loop.time() + self.delay_s, data))
            await way.put((self._loop.time() + self.delay_s, b""))
            await arriving
        finally:
            arriving.cancel()

    async def _arrive(self, way, writer):
        while True:
            due, data = await way.get()
            await self._thawed.wait()
            await asyncio.sleep(max(0.0, due - self._loop.time()))
            if self.bytes_per_s:
                await asyncio.sleep(len(data) / self.bytes_per_s)
            await self._thawed.wait()
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            self.passed_bytes += len(data)
            await writer.drain()
