"""CosyVoice 2's three networks in PyTorch at the official widths, with random weights: what the
official code computes, operation for operation as far as time and memory go, for comparisons of
speed. What comes out means nothing."""
import math

import torch
import torch.nn.functional as F
from torch import nn

MEL, SPEAKER, STEPS = 80, 192, 10


class LlmLayer(nn.Module):
    HIDDEN, HEADS, KV_HEADS, DIM, FEED = 896, 14, 2, 64, 4864

    def __init__(self):
        super().__init__()
        hidden, queries, keys = self.HIDDEN, self.HEADS * self.DIM, self.KV_HEADS * self.DIM
        self.q, self.k, self.v = (nn.Linear(hidden, width) for width in (queries, keys, keys))
        self.o = nn.Linear(queries, hidden, bias=False)
        self.gate, self.up = (nn.Linear(hidden, self.FEED, bias=False) for _ in range(2))
        self.down = nn.Linear(self.FEED, hidden, bias=False)
        self.norm1, self.norm2 = (nn.Parameter(torch.ones(hidden)) for _ in range(2))

    @staticmethod
    def rms(x, weight):
        return weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))

    @staticmethod
    def rotate(x, cos, sin):
        half = x.shape[-1] // 2
        return x * cos + torch.cat((-x[..., half:], x[..., :half]), -1) * sin

    def forward(self, x, cos, sin, past, causal):
        count = x.shape[1]
        y = self.rms(x, self.norm1)
        q, k, v = (one(y).view(1, count, -1, self.DIM).transpose(1, 2)
                   for one in (self.q, self.k, self.v))
        q, k = self.rotate(q, cos, sin), self.rotate(k, cos, sin)
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        groups = self.HEADS // self.KV_HEADS
        y = F.scaled_dot_product_attention(q, k.repeat_interleave(groups, 1),
                                           v.repeat_interleave(groups, 1), is_causal=causal)
        x = x + self.o(y.transpose(1, 2).reshape(1, count, -1))
        y = self.rms(x, self.norm2)
        return x + self.down(F.silu(self.gate(y)) * self.up(y)), (k, v)


class Llm(nn.Module):
    """Qwen2 of 24 layers with the head for speech tokens."""

    def __init__(self, layers=24, speech=6564):
        super().__init__()
        self.layers = nn.ModuleList(LlmLayer() for _ in range(layers))
        self.head = nn.Linear(LlmLayer.HIDDEN, speech)
        self.speech = nn.Embedding(speech, LlmLayer.HIDDEN)
        self.norm = nn.Parameter(torch.ones(LlmLayer.HIDDEN))

    def forward(self, x, past=None):
        done = 0 if past is None else past[0][0].shape[2]
        place = torch.arange(done, done + x.shape[1], dtype=torch.float32)
        rate = 1e6 ** (-torch.arange(0, LlmLayer.DIM, 2, dtype=torch.float32) / LlmLayer.DIM)
        angle = torch.outer(place, rate).repeat(1, 2)
        cos, sin = angle.cos(), angle.sin()
        kept = []
        for i, layer in enumerate(self.layers):
            x, pair = layer(x, cos, sin, None if past is None else past[i], past is None)
            kept.append(pair)
        return self.head(LlmLayer.rms(x[:, -1], self.norm)), kept


class EncoderLayer(nn.Module):
    """Attention by content and by distance, then a feed-forward block."""
    WIDTH, HEADS, FEED = 512, 8, 2048

    def __init__(self):
        super().__init__()
        width = self.WIDTH
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.pos = nn.Linear(width, width, bias=False)
        self.u, self.w = (nn.Parameter(torch.randn(self.HEADS, width // self.HEADS))
                          for _ in range(2))
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.in_, self.out_ = nn.Linear(width, self.FEED), nn.Linear(self.FEED, width)

    def forward(self, x, places, mask):
        frames, dim = x.shape[1], self.WIDTH // self.HEADS
        y = self.norm1(x)
        q, k, v = (one(y).view(1, frames, self.HEADS, dim) for one in (self.q, self.k, self.v))
        p = self.pos(places).view(1, -1, self.HEADS, dim).transpose(1, 2)
        k, v = k.transpose(1, 2), v.transpose(1, 2)
        content = (q + self.u).transpose(1, 2) @ k.transpose(-2, -1)
        by_place = (q + self.w).transpose(1, 2) @ p.transpose(-2, -1)
        zero = by_place.new_zeros(1, self.HEADS, frames, 1)
        shifted = torch.cat((zero, by_place), -1).view(1, self.HEADS, 2 * frames, frames)
        shifted = shifted[:, :, 1:].reshape(1, self.HEADS, frames, -1)[..., :frames]
        scores = ((content + shifted) / math.sqrt(dim)).masked_fill(~mask, float("-inf"))
        y = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(1, frames, -1)
        x = x + self.out(y)
        return x + self.out_(F.silu(self.in_(self.norm2(x))))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        width = EncoderLayer.WIDTH
        self.table = nn.Embedding(6561, width)
        self.embed, self.up_embed = (nn.Sequential(nn.Linear(width, width), nn.LayerNorm(width))
                                     for _ in range(2))
        self.ahead1, self.ahead2 = nn.Conv1d(width, width, 4), nn.Conv1d(width, width, 3)
        self.layers = nn.ModuleList(EncoderLayer() for _ in range(6))
        self.up = nn.Conv1d(width, width, 5)
        self.up_layers = nn.ModuleList(EncoderLayer() for _ in range(4))
        self.after, self.proj = nn.LayerNorm(width), nn.Linear(width, MEL)

    def forward(self, tokens, chunk):
        scale = math.sqrt(EncoderLayer.WIDTH)
        x = self.embed(self.table(tokens)) * scale
        y = F.leaky_relu(self.ahead1(F.pad(x.transpose(1, 2), (0, 3))))
        x = x + self.ahead2(F.pad(y, (2, 0))).transpose(1, 2)
        x = self.run(self.layers, x, chunk)
        x = x.transpose(1, 2).repeat_interleave(2, -1)
        x = self.up_embed(self.up(F.pad(x, (4, 0))).transpose(1, 2)) * scale
        return self.proj(self.after(self.run(self.up_layers, x, 2 * chunk)))

    @staticmethod
    def run(layers, x, chunk):
        frames = x.shape[1]
        places = torch.randn(1, 2 * frames - 1, EncoderLayer.WIDTH)
        mask = chunk_mask(frames, chunk)
        for layer in layers:
            x = layer(x, places, mask)
        return x


def chunk_mask(frames, chunk):
    at = torch.arange(frames)
    if not chunk:
        return torch.ones(frames, frames, dtype=torch.bool)
    return at[None, :] < ((at // chunk + 1) * chunk)[:, None]


class CausalConv(nn.Conv1d):
    def forward(self, x):
        return super().forward(F.pad(x, (self.kernel_size[0] - 1, 0)))


class NormedConv(nn.Module):
    def __init__(self, into, out):
        super().__init__()
        self.conv, self.norm = CausalConv(into, out, 3), nn.LayerNorm(out)

    def forward(self, x):
        return F.mish(self.norm(self.conv(x).transpose(1, 2)).transpose(1, 2))


class Block(nn.Module):
    WIDTH, HEADS, DIM = 256, 8, 64

    def __init__(self):
        super().__init__()
        inner = self.HEADS * self.DIM
        self.norm1, self.norm3 = nn.LayerNorm(self.WIDTH), nn.LayerNorm(self.WIDTH)
        self.q, self.k, self.v = (nn.Linear(self.WIDTH, inner, bias=False) for _ in range(3))
        self.out = nn.Linear(inner, self.WIDTH)
        self.in_, self.out_ = nn.Linear(self.WIDTH, 1024), nn.Linear(1024, self.WIDTH)

    def forward(self, x, bias):
        batch, frames, _ = x.shape
        y = self.norm1(x)
        q, k, v = (one(y).view(batch, frames, self.HEADS, self.DIM).transpose(1, 2)
                   for one in (self.q, self.k, self.v))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = x + self.out(y.transpose(1, 2).reshape(batch, frames, -1))
        return x + self.out_(F.gelu(self.in_(self.norm3(x))))


class Stage(nn.Module):
    def __init__(self, into):
        super().__init__()
        self.time = nn.Linear(1024, Block.WIDTH)
        self.block1 = NormedConv(into, Block.WIDTH)
        self.block2 = NormedConv(Block.WIDTH, Block.WIDTH)
        self.residual = nn.Conv1d(into, Block.WIDTH, 1)
        self.blocks = nn.ModuleList(Block() for _ in range(4))

    def forward(self, x, time, bias):
        y = self.block1(x) + self.time(F.mish(time))[..., None]
        x = (self.block2(y) + self.residual(x)).transpose(1, 2)
        for block in self.blocks:
            x = block(x, bias)
        return x.transpose(1, 2)


class Estimator(nn.Module):
    def __init__(self):
        super().__init__()
        self.time = nn.Sequential(nn.Linear(4 * MEL, 1024), nn.SiLU(), nn.Linear(1024, 1024))
        self.down = Stage(4 * MEL)
        self.down_conv = CausalConv(Block.WIDTH, Block.WIDTH, 3)
        self.mid = nn.ModuleList(Stage(Block.WIDTH) for _ in range(12))
        self.up = Stage(2 * Block.WIDTH)
        self.up_conv = CausalConv(Block.WIDTH, Block.WIDTH, 3)
        self.final = NormedConv(Block.WIDTH, Block.WIDTH)
        self.proj = nn.Conv1d(Block.WIDTH, MEL, 1)

    def forward(self, x, bias):
        time = self.time(torch.randn(x.shape[0], 4 * MEL))
        x = skipped = self.down(x, time, bias)
        x = self.down_conv(x)
        for stage in self.mid:
            x = stage(x, time, bias)
        x = self.up_conv(self.up(torch.cat((x, skipped), 1), time, bias))
        return self.proj(self.final(x))


class Flow(nn.Module):
    """Speech tokens to mel: ten steps, each with and without conditions."""

    def __init__(self):
        super().__init__()
        self.encoder, self.estimator = Encoder(), Estimator()

    def forward(self, tokens, streaming):
        """As the official code has it: the whole sequence, prompt and all, each time."""
        mu = self.encoder(tokens, 25 if streaming else 0).transpose(1, 2)
        frames = mu.shape[-1]
        seen = chunk_mask(frames, 50 if streaming else 0)
        bias = torch.zeros(1, 1, frames, frames).masked_fill(~seen, -1e10)
        x = torch.randn(1, MEL, frames)
        rest = torch.randn(1, 2 * MEL, frames)
        for _ in range(STEPS):
            both = torch.cat((torch.cat((x, mu, rest), 1),
                              torch.cat((x, torch.zeros(1, 3 * MEL, frames)), 1)))
            moved = self.estimator(both, bias)
            x = x + 0.1 * (1.7 * moved[:1] - 0.7 * moved[1:])
        return x


class ResBlock(nn.Module):
    def __init__(self, channels, taps):
        super().__init__()
        self.ones = nn.ModuleList(nn.Conv1d(channels, channels, taps, dilation=d,
                                            padding=d * (taps - 1) // 2) for d in (1, 3, 5))
        self.twos = nn.ModuleList(nn.Conv1d(channels, channels, taps, padding=taps // 2)
                                  for _ in range(3))
        self.alphas = nn.ParameterList(torch.rand(1, channels, 1) + 0.5 for _ in range(6))

    @staticmethod
    def snake(x, alpha):
        return x + torch.sin(alpha * x).pow(2) / (alpha + 1e-9)

    def forward(self, x):
        for i in range(3):
            y = self.ones[i](self.snake(x, self.alphas[i]))
            x = x + self.twos[i](self.snake(y, self.alphas[3 + i]))
        return x


class Hift(nn.Module):
    def __init__(self):
        super().__init__()
        self.f0 = nn.Sequential(*(part for i in range(5) for part in (
            nn.Conv1d(MEL if i == 0 else 512, 512, 3, padding=1), nn.ELU())))
        self.classifier, self.mix = nn.Linear(512, 1), nn.Linear(9, 1)
        self.pre, self.post = nn.Conv1d(MEL, 512, 7, padding=3), nn.Conv1d(64, 18, 7, padding=3)
        self.ups = nn.ModuleList(
            nn.ConvTranspose1d(512 >> i, 256 >> i, taps, rate, padding=(taps - rate) // 2)
            for i, (taps, rate) in enumerate(((16, 8), (11, 5), (7, 3))))
        self.downs = nn.ModuleList(
            nn.Conv1d(18, 256 >> i, taps, stride, padding=pad)
            for i, (taps, stride, pad) in enumerate(((30, 15, 7), (6, 3, 1), (1, 1, 0))))
        self.source_blocks = nn.ModuleList(ResBlock(256 >> i, taps)
                                           for i, taps in enumerate((7, 7, 11)))
        self.blocks = nn.ModuleList(nn.ModuleList(ResBlock(256 >> i, taps) for taps in (3, 7, 11))
                                    for i in range(3))

    def forward(self, mel):
        f0 = self.classifier(self.f0(mel).transpose(1, 2)).abs()
        phase = torch.cumsum(f0.repeat_interleave(480, 1) * torch.arange(1, 10) / 24_000, 1)
        source = torch.tanh(self.mix(0.1 * torch.sin(2 * math.pi * phase)))[..., 0]
        window = torch.hann_window(16)
        spectrum = torch.view_as_real(torch.stft(source, 16, 4, 16, window, return_complex=True))
        spectrum = torch.cat((spectrum[..., 0], spectrum[..., 1]), 1)
        x = self.pre(mel)
        for i in range(3):
            x = self.ups[i](F.leaky_relu(x, 0.1))
            if i == 2:
                x = F.pad(x, (1, 0), "reflect")
            x = x + self.source_blocks[i](self.downs[i](spectrum))
            x = sum(block(x) for block in self.blocks[i]) / 3
        x = self.post(F.leaky_relu(x))
        magnitude, angle = x[:, :9].exp().clamp(max=100), torch.sin(x[:, 9:])
        return torch.istft(torch.polar(magnitude, angle), 16, 4, 16, window).clamp(-0.99, 0.99)
