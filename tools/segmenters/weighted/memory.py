"""How many bytes can still be taken here: of the machine, of the container (cgroup 1 and 2), of the first GPU."""

from __future__ import annotations

import sys
from pathlib import Path

_MEMINFO = Path("/proc/meminfo")
_V2 = Path("/sys/fs/cgroup")
_V1 = Path("/sys/fs/cgroup/memory")
# Where nothing can be read (macOS, Windows) the cache falls back to its number of models.
UNKNOWN = 2**62


def available() -> int:
    """Bytes that can be taken without swapping or being killed; `UNKNOWN` where the system does not say."""
    return min(_machine(), _container(_V2, "memory.max", "memory.current", "inactive_file"), _container_1())


def on_gpu() -> int:
    """Free bytes of the GPU that models run on; `UNKNOWN` without one, or while torch is not even imported."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return UNKNOWN
    return int(torch.cuda.mem_get_info()[0])


def _machine() -> int:
    try:
        lines = _MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return UNKNOWN
    found = next((line for line in lines if line.startswith("MemAvailable:")), None)
    return int(found.split()[1]) * 1024 if found else UNKNOWN


def _container_1() -> int:
    return _container(_V1, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def _container(folder: Path, most: str, used: str, cached: str) -> int:
    """What a limit leaves; file pages that the kernel gives back by itself do not count as used."""
    try:
        limit = (folder / most).read_text(encoding="ascii").strip()
        if not limit.isdigit():
            return UNKNOWN
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
        pages = dict(line.split(maxsplit=1) for line in lines if " " in line)
        taken = int((folder / used).read_text(encoding="ascii")) - int(pages.get(cached, 0))
    except (OSError, ValueError):
        return UNKNOWN
    return max(int(limit) - taken, 0)
