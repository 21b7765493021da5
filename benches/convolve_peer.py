"""Convolutions in convscope, PyTorch and OpenCV, timed in turns on one machine.

    cargo bench --bench convolve --no-run        # says where the executable is
    python3 benches/convolve_peer.py EXECUTABLE [ROUNDS [THREADS]]

Prints one Markdown table: the best and the median of all rounds (8) in milliseconds, with 1 and 2 threads. Each round runs
each program once in a process of its own, so that what else the machine does hits all alike; within it a case is
repeated. A program that is not installed is missing from the table, and a line says so. Needs: numpy, torch (CPU) and
opencv-python-headless, as far as they are to be compared.

filter2D of OpenCV has one channel: it is given the three of a kernel one by one, and adds them up.
"""

import importlib.util
import json
import statistics
import subprocess
import sys
import time

# Name as in convolve.rs, kernels, rows, columns, stride, repetitions.
CASES = (
    ("1 kernel, 512×512", 1, 512, 512, 1, 20),
    ("1 kernel, 1920×1080", 1, 1080, 1920, 1, 5),
    ("64 kernels, 224×224, stride 2", 64, 224, 224, 2, 20),
    ("64 kernels, 512×512, stride 2", 64, 512, 512, 2, 8),
    ("64 kernels, 512×512", 64, 512, 512, 1, 4),
    ("64 kernels, 128×128", 64, 128, 128, 1, 15),
)
PEERS = {
    "PyTorch, channels_last": "torch",
    "PyTorch, NCHW": "torch",
    "OpenCV filter2D": "cv2",
}


def torch_run(case, threads, channels_last):
    import torch

    _, kernels, rows, columns, stride, _ = case
    torch.set_num_threads(threads)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    image = torch.randn(1, 3, rows, columns).to(memory_format=layout)
    weights = torch.randn(kernels, 3, 7, 7).to(memory_format=layout)

    def run():
        with torch.inference_mode():
            torch.nn.functional.conv2d(image, weights, stride=stride, padding=3)

    return run


def opencv_run(case, threads):
    import cv2
    import numpy as np

    _, _, rows, columns, _, _ = case
    cv2.setNumThreads(threads)
    random = np.random.default_rng(1)
    image = random.standard_normal((3, rows, columns), dtype=np.float32)
    kernel = random.standard_normal((3, 7, 7), dtype=np.float32)

    def run():
        planes = [cv2.filter2D(image[c], -1, kernel[c], borderType=cv2.BORDER_CONSTANT) for c in range(3)]
        cv2.add(cv2.add(planes[0], planes[1]), planes[2])

    return run


def times(peer, case, threads):
    """Milliseconds of one round, in this process."""
    run = opencv_run(case, threads) if peer.startswith("OpenCV") else torch_run(case, threads, "last" in peer)
    run(), run()
    found = []
    for _ in range(case[-1]):
        begun = time.perf_counter()
        run()
        found.append((time.perf_counter() - begun) * 1e3)
    return found


def of_child(command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main():
    if len(sys.argv) > 3 and sys.argv[1] == "--peer":
        case = next(case for case in CASES if case[0] == sys.argv[3])
        print(json.dumps(times(sys.argv[2], case, int(sys.argv[4]))))
        return
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    executable = sys.argv[1]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    counts = [int(sys.argv[3])] if len(sys.argv) > 3 else [1, 2]
    for module in sorted(set(PEERS.values())):
        if importlib.util.find_spec(module) is None:
            print(f"{module} is not installed: no figures of it.", file=sys.stderr)
    peers = [peer for peer, module in PEERS.items() if importlib.util.find_spec(module)]
    columns = " | ".join(f"{peer} | ratio" for peer in peers)
    print(f"| case | threads | convscope | {columns} |\n| --- | --- | --- |{' --- | --- |' * len(peers)}")
    for threads in counts:
        for case in CASES:
            able = [peer for peer in peers if case[1] == 1 or not peer.startswith("OpenCV")]
            found = {peer: [] for peer in ["convscope", *able]}
            for _ in range(rounds):
                ours = of_child([executable, "--times", case[0], str(threads), str(case[-1])])
                found["convscope"] += [float(line) for line in ours.split()]
                for peer in able:
                    found[peer] += json.loads(of_child([sys.executable, __file__, "--peer", peer, case[0], str(threads)]))
            both = {peer: (min(numbers), statistics.median(numbers)) for peer, numbers in found.items()}
            cells = [case[0], str(threads), "{:.2f} ({:.2f})".format(*both["convscope"])]
            for peer in peers:
                if peer in both:
                    ratios = [theirs / ours for theirs, ours in zip(both[peer], both["convscope"])]
                    cells += ["{:.2f} ({:.2f})".format(*both[peer]), "{:.2f} ({:.2f})".format(*ratios)]
                else:
                    cells += ["", ""]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
