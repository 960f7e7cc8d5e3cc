"""Commands in processes of their own, forked from one that has imported the package already.

A process that is to be killed need not spend seconds on imports before.
"""

import importlib
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

import datasets
import torch
from ckpt_chaos.targets.common import arm_from_env

from tests.running_app import PATIENCE, free_port

COMMANDS = multiprocessing.get_context("forkserver")
COMMANDS.set_forkserver_preload([
    __name__, "inpainting.cli.train", "inpainting.cli.fill", "accelerate.state",
    "matplotlib.figure", "matplotlib.backends.backend_agg", "huggingface_hub.repocard",
])  # fmt: skip


def start(command: str, arguments: Sequence[object], log: Path, **variables: str) -> BaseProcess:
    """Start ``inpaint COMMAND …``; end it with :func:`kill`, or wait for it.

    Args:
        command: a module of ``inpainting.cli``.
        arguments: of the command.
        log: what it prints is added to this file; what `datasets` keeps lies beside it.
        variables: of its environment.
    """
    words = [str(argument) for argument in arguments]
    method = multiprocessing.get_start_method()  # which a forked process would not have by itself
    process = COMMANDS.Process(target=_run, args=(command, words, log, variables, method))
    process.start()
    return process


def start_pair(command: str, arguments: Sequence[object], log: Path) -> list[BaseProcess]:
    """The same in two processes that share the work, as ``accelerate launch`` would start them."""
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "WORLD_SIZE": "2"}
    return [
        start(command, arguments, log, **place, RANK=str(rank), LOCAL_RANK=str(rank))
        for rank in range(2)
    ]


def exit_code(process: BaseProcess, seconds: float = 2 * PATIENCE) -> int:
    """Wait for a process, and fail where it takes longer."""
    process.join(seconds)
    assert process.exitcode is not None, "it has not ended"
    return process.exitcode


def kill(process: BaseProcess) -> None:
    """SIGKILL for a process and its children."""
    if process.is_alive():
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.join()


@contextmanager
def killed_at_the_end(processes: Sequence[BaseProcess]) -> Iterator[None]:
    """No process outlives a test, however that ends."""
    try:
        yield
    finally:
        for process in processes:
            kill(process)


def _run(
    command: str, arguments: list[str], log: Path, variables: dict[str, str], method: str
) -> None:
    os.setsid()  # a process group, to be killed as a whole
    multiprocessing.set_start_method(method, force=True)
    os.environ.update(variables, CUDA_VISIBLE_DEVICES="")
    torch.set_num_threads(1)  # threads change sums in the last bit
    datasets.config.HF_DATASETS_CACHE = log.parent / "cache"
    with log.open("ab") as file:
        for standard in (sys.stdout, sys.stderr):
            standard.flush()
            os.dup2(file.fileno(), standard.fileno())
    arm_from_env(rank=0, lazy=True)  # nothing, without variables of ckpt-chaos
    sys.argv = [f"{command}.py", *arguments]
    sys.exit(_exit_code(command, arguments))


def _exit_code(command: str, arguments: list[str]) -> int:
    """The command's, after everything that it held on to is gone, as at the end of Python."""
    try:
        return importlib.import_module(f"inpainting.cli.{command}").main(arguments) or 0
    except SystemExit as end:
        if not isinstance(end.code, str):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
