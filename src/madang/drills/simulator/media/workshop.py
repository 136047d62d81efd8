"""Where files are made: real clips, sounds and stills by ffmpeg, each once, kept within 128 MB.

ffmpeg is the program that imageio-ffmpeg bundles; it is run as a process of its own.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from imageio_ffmpeg import get_ffmpeg_exe

from madang.drills.simulator.media.pictures import colours
from madang.drills.simulator.media.tones import wav
from madang.drills.simulator.records import Refused

_KEPT_BYTES = 128 * 1024 * 1024
_AT_ONCE = 2
_SMALL_PX = 320
_PATIENCE_S = 120.0
_HEARING_RATE = 8_000
_EXACT = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
# playlists would let ffmpeg open other files and addresses
_STRANGERS = (
    "-format_whitelist",
    "wav,mp3,ogg,flac,aac,mov,matroska",
    "-protocol_whitelist",
    "file",
)
_ENCODERS = {
    "mp3": ("-c:a", "libmp3lame", "-f", "mp3"),
    "opus": ("-c:a", "libopus", "-f", "ogg"),
    "aac": ("-c:a", "aac", "-f", "adts"),
    "flac": ("-c:a", "flac", "-f", "flac"),
}


class Shot(NamedTuple):
    """A clip that is wanted: its size in pixels, its length, and what was asked for, which gives it its colours."""

    width: int
    height: int
    seconds: float
    prompt: str
    audio: bool = False


class Workshop:
    """Makes files and keeps them. The same order gives the same bytes, on one machine."""

    def __init__(self) -> None:
        self._shelf: OrderedDict[tuple[object, ...], asyncio.Future[bytes]] = OrderedDict()
        self._bytes = 0
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def clip(self, shot: Shot, *, full_size: bool = False) -> bytes:
        """An MP4 (H.264, AAC where it has sound) of that length and ratio; small unless full size is asked for."""
        width, height = (shot.width, shot.height) if full_size else _small(shot.width, shot.height)
        first, second = colours(shot.prompt)
        video = (
            f"gradients=s={width}x{height}:r=24:c0=0x{first}:c1=0x{second}:speed=0.02:"
            f"d={shot.seconds}:seed=1"
        )
        sources = ["-f", "lavfi", "-i", video]
        if shot.audio:
            sources += ["-f", "lavfi", "-i", f"sine=f=220:r=44100:d={shot.seconds}"]
        made = ["-c:v", "libx264", "-preset", "ultrafast", "-threads", "1", "-pix_fmt", "yuv420p"]
        made += ["-c:a", "aac", "-b:a", "64k", "-t", str(shot.seconds), *_EXACT]
        made += ["-movflags", "+faststart", "-f", "mp4"]
        key = ("clip", width, height, shot.seconds, first, shot.audio)
        return await self._kept(key, lambda: self._ffmpeg([*sources, *made]))

    async def still(self, shot: Shot, *, full_size: bool = False) -> bytes:
        """The first frame of a clip, as WebP."""
        clip = await self.clip(shot, full_size=full_size)
        made = ["-frames:v", "1", "-c:v", "libwebp", *_EXACT, "-f", "webp"]
        key = ("still", len(clip), hash(clip))
        return await self._kept(key, lambda: self._ffmpeg(["-i", "{in}", *made], clip))

    async def last_frame(self, shot: Shot, *, full_size: bool = False) -> bytes:
        """The last frame of a clip, as PNG."""
        clip = await self.clip(shot, full_size=full_size)
        made = ["-frames:v", "1", "-c:v", "png", *_EXACT, "-f", "image2pipe"]
        key = ("last", len(clip), hash(clip))
        return await self._kept(
            key, lambda: self._ffmpeg(["-sseof", "-0.2", "-i", "{in}", *made], clip)
        )

    async def spritesheet(self, shot: Shot) -> bytes:
        """Frames of a clip side by side, as JPEG."""
        clip = await self.clip(shot)
        made = ["-vf", "fps=1,tile=4x1", "-frames:v", "1", "-c:v", "mjpeg", *_EXACT, "-f", "mjpeg"]
        key = ("sheet", len(clip), hash(clip))
        return await self._kept(key, lambda: self._ffmpeg(["-i", "{in}", *made], clip))

    async def picture(self, png: bytes, kind: str) -> bytes:
        """A PNG file in another format: `jpeg` or `webp`."""
        codec = "mjpeg" if kind == "jpeg" else "libwebp"
        made = ["-frames:v", "1", "-c:v", codec, *_EXACT, "-f", "image2pipe"]
        return await self._ffmpeg(["-i", "{in}", *made], png)

    async def sound(self, samples: bytes, rate: int, kind: str) -> bytes:
        """Mono samples of 16 bits in a format: mp3, opus, aac, flac, wav or pcm."""
        if kind == "pcm":
            return samples
        if kind == "wav":
            return wav(samples, rate)
        made = ["-ac", "1", *_ENCODERS[kind], *_EXACT]
        return await self._ffmpeg(["-i", "{in}", *made], wav(samples, rate))

    async def length_s(self, recording: bytes) -> float:
        """How long a recording of any format is. Raises Refused where it is none."""
        decoded = ["-vn", "-ac", "1", "-ar", str(_HEARING_RATE), "-f", "s16le"]
        samples = await self._ffmpeg([*_STRANGERS, "-i", "{in}", *decoded], recording)
        return len(samples) / 2 / _HEARING_RATE

    async def _kept(self, key: tuple[object, ...], make: Callable[[], Awaitable[bytes]]) -> bytes:
        """The file of that key, made once, also where many ask at the same time."""
        future = self._shelf.get(key)
        if future is not None:
            self._shelf.move_to_end(key)
            return await asyncio.shield(future)
        future = self._shelf[key] = asyncio.ensure_future(make())
        try:
            data = await asyncio.shield(future)
        except Refused:
            self._shelf.pop(key, None)
            raise
        self._bytes += len(data)
        while self._bytes > _KEPT_BYTES and len(self._shelf) > 1:
            self._forget()
        return data

    def _forget(self) -> None:
        _, oldest = self._shelf.popitem(last=False)
        if oldest.done() and not oldest.cancelled() and oldest.exception() is None:
            self._bytes -= len(oldest.result())

    async def _ffmpeg(self, arguments: list[str], given: bytes | None = None) -> bytes:
        """Run ffmpeg; `{in}` among the arguments is the file that is given. Raises Refused where it fails."""
        async with self._places:
            with TemporaryDirectory(prefix="madang-sim-") as folder:
                source, target = Path(folder, "in"), Path(folder, "out")
                if given is not None:
                    await asyncio.to_thread(source.write_bytes, given)
                filled = [str(source) if each == "{in}" else each for each in arguments]
                await _run([*filled, str(target)])
                return await asyncio.to_thread(target.read_bytes)


async def _run(arguments: list[str]) -> None:
    process = await asyncio.create_subprocess_exec(
        *(get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, problem = await asyncio.wait_for(process.communicate(), _PATIENCE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise Refused(
            "invalid", f"The file cannot be read: {problem[-200:].decode('utf-8', 'replace')}"
        )


def _small(width: int, height: int) -> tuple[int, int]:
    """The same ratio with at most 320 pixels on the longer side, in even numbers as H.264 wants them."""
    share = min(1.0, _SMALL_PX / max(width, height))
    return max(2, round(width * share / 2) * 2), max(2, round(height * share / 2) * 2)
