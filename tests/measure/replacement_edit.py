"""A replacement for `diffex edit --requests` that knows nothing but docs/artifacts.md.

Usage: python replacement_edit.py RUN
"""

import hashlib
import json
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageChops, ImageStat

COLUMNS = pa.schema(
    [
        ("edit", pa.string()),
        ("image", pa.string()),
        ("candidate", pa.string()),
        ("editor", pa.string()),
        ("seed", pa.int64()),
        ("file", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("changed", pa.float64()),
        ("mean_change", pa.float64()),
        ("seconds", pa.float64()),
    ],
    metadata={"diffex.schema": "diffex.edits/1", "diffex.provenance": json.dumps({"program": "replacement_edit.py"})},
)


def recolour(picture, instructions):
    """Multiply each channel by a factor that the prompts pick."""
    for instruction in instructions:
        factors = hashlib.md5(instruction["prompt"].encode()).digest()[:3]
        channels = [
            channel.point([min(255, value * (64 + factor) // 192) for value in range(256)])
            for channel, factor in zip(picture.split(), factors, strict=True)
        ]
        picture = Image.merge("RGB", channels)
    return picture


def share_changed(before, after):
    """The share of pixels in which some channel differs by more than 16."""
    red, green, blue = ImageChops.difference(before, after).split()
    largest = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return sum(largest.histogram()[17:]) / (before.width * before.height)


def main(run):
    rows = []
    for request in pq.read_table(run / "requests.parquet").to_pylist():
        start = time.perf_counter()
        before = Image.open(run / request["file"]).convert("RGB")
        instructions = json.loads(request["instructions"])
        after = recolour(before, instructions)
        digest = hashlib.sha256(f"RGB {after.width}x{after.height}\n".encode() + after.tobytes()).hexdigest()
        file = Path("edits", "files", digest[:2], digest[:16] + ".png")
        (run / file).parent.mkdir(parents=True, exist_ok=True)
        after.save(run / file)
        changed = share_changed(before, after)
        rows.append(
            {
                **{name: request[name] for name in ("edit", "image", "candidate", "editor", "seed")},
                "file": file.as_posix(),
                "status": "no-op" if instructions and changed == 0 else "ok",
                "reason": None,
                "changed": changed,
                "mean_change": sum(ImageStat.Stat(ImageChops.difference(before, after)).mean) / 3 / 255,
                "seconds": time.perf_counter() - start,
            }
        )
    (run / "edits").mkdir(exist_ok=True)
    part = run / "edits" / f"{time.strftime('%Y%m%dT%H%M%S')}000000Z-recolor-{len(rows)}.parquet"
    temporary = part.with_name(f".{part.name}.tmp")
    pq.write_table(pa.Table.from_pylist(rows, schema=COLUMNS), temporary)
    temporary.rename(part)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
