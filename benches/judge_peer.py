"""The judgement of a layer in numpy and in convscope, timed side by side on one machine.

    python3 benches/judge_peer.py REFERENCE.py

REFERENCE.py is the plain numpy reference that the goldens were made with: a module with describe(layer), which takes
[out, in, row, column] and judges every kernel. Run from the root of the repository; `cargo bench --bench judge` is run
for the other side. Needs: numpy and what the reference needs.

The reference uses one core and judges kernels only, convscope uses all cores and judges the layer too (near-duplicates,
orthogonality, entropy). The reference's permutation test of 3x3 kernels is left out, since they are too small to judge.
"""

import importlib.util
import pathlib
import re
import subprocess
import sys
import time

import numpy as np

SHAPES = ((64, 3, 7, 7), (512, 512, 3, 3))
UNITS = {"ns": 1e-6, "µs": 1e-3, "ms": 1.0, "s": 1e3}


def reference(path):
    spec = importlib.util.spec_from_file_location("reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def numpy_milliseconds(module, shape):
    """The best of three runs of describe()."""
    layer = np.random.default_rng(1).standard_normal(shape).astype(np.float32)
    if shape[2] * shape[3] < 25:
        module.structure_p = lambda kernel: None
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        module.describe(layer)
        best = min(best, time.perf_counter() - begun)
    return best * 1e3


def convscope_milliseconds():
    """The middle of criterion's interval, by shape."""
    run = subprocess.run(["cargo", "bench", "--bench", "judge"], capture_output=True, text=True, check=True)
    found = re.findall(r"judge/(\S+)\s+time:\s+\[\S+ \S+ (\S+) (\S+) \S+ \S+\]", run.stdout)
    return {shape: float(time) * UNITS[unit] for shape, time, unit in found}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ours = convscope_milliseconds()
    for shape in SHAPES:
        name = "x".join(map(str, shape))
        # A module of its own: the shape decides what is left out.
        theirs = numpy_milliseconds(reference(pathlib.Path(sys.argv[1])), shape)
        print(f"{name}: numpy {theirs:.0f} ms, convscope {ours[name]:.1f} ms, {theirs / ours[name]:.0f} times as fast")


if __name__ == "__main__":
    main()
