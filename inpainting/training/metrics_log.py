"""The log of a run's measurements: a line each in ``metrics.jsonl``, curves, a tracker."""

from importlib.util import find_spec
from pathlib import Path

from accelerate import Accelerator

from inpainting.errors import InvalidConfig
from inpainting.io.files import Record, append_record, atomic_write, read_records, to_line
from inpainting.training.loss_curve import loss_figure

NAME = "metrics.jsonl"


class MetricsLog:
    """Records of a run, in memory and on disk.

    Args:
        folder: of the run.
        step: the run goes on from there. What a killed run wrote after it is dropped, so that the
            curve has no seam.
        accelerator: its tracker gets every record too.
    """

    def __init__(self, folder: Path, step: int, accelerator: Accelerator) -> None:
        self.path, self.accelerator = folder / NAME, accelerator
        if not accelerator.is_main_process:
            return  # the others add nothing
        self.records = [record for record in read_records(self.path) if record["step"] <= step]
        with atomic_write(self.path) as file:
            file.writelines(map(to_line, self.records))

    def add(self, record: Record) -> None:
        """One more line; it is on disk when this returns."""
        self.records.append(record)
        append_record(self.path, record)
        self.accelerator.log(
            {name: value for name, value in record.items() if name != "step"}, step=record["step"]
        )

    def draw(self) -> None:
        """Write ``loss.png``: loss, and PSNR where there is validation, against epochs."""
        along = "epoch" if any("epoch" in record for record in self.records) else "samples"
        loss_figure(self.records, self.path.with_name("loss.png"), along)


def check_tracker(name: str) -> None:
    """Refuse a tracker that is not installed, before anything is loaded.

    Raises:
        InvalidConfig: when it is missing.
    """
    if name != "none" and find_spec(name) is None:
        raise InvalidConfig(
            f"--report-to {name} needs the package {name}: pip install {name}, or leave it out; "
            f"{NAME} and the curves are written anyway."
        )
