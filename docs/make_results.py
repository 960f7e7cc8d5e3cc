"""Write what eval.py measured into README.md, docs and the model card.

    PYTHONPATH=. python docs/make_results.py runs/natural_images runs/photos

One folder per data set, each of the bundled checkpoint. The tables take the place of what stands
between the marks ``<!-- results -->`` and ``<!-- end -->``.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from inpainting.evaluation.statistics import MODEL
from inpainting.evaluation.tables import interval, markdown

ROOT = Path(__file__).parents[1]
CARD = ROOT / "inpainting" / "pretrained" / "README.md"
CLASSICAL = ("telea", "ns", "biharmonic")
HEAD = (
    "pictures", "holes", "n", "network: hole PSNR (dB)", "SSIM", "best classical",
    "hole PSNR (dB)", "SSIM", "lead in hole PSNR (dB)", "lead in SSIM",
)  # fmt: skip

Record = dict[str, Any]


def comparison(records: list[Record], buckets: bool) -> str:
    """One row per data set and protocol, and bucket if asked: network, best classical fill, lead.

    Args:
        records: results.json of every data set, read.
        buckets: whether to list the hole ratios, too.
    """
    rows = []
    for record in records:
        name = Path(record["data"]).name.replace("_", " ")
        for ours in record["results"]:
            if ours["method"] == MODEL and not ours["class"] and (buckets or not ours["bucket"]):
                rows.append([name, *_row(record, ours)])
    return markdown(HEAD, rows)


def _row(record: Record, ours: Record) -> list[str]:
    here = [r for r in record["results"] if _place(r) == _place(ours)]
    best = max((r for r in here if r["method"] in CLASSICAL), key=_hole_psnr)
    lead = next(
        d
        for d in record["differences"]
        if _place(d) == _place(ours) and d["baseline"] == best["method"]
    )
    return [
        f"{ours['protocol']} {ours['bucket'].replace('-', '–')}".strip(),
        str(ours["n"]), f"**{_hole_psnr(ours):.2f}**", _ssim(ours),
        best["method"], f"{_hole_psnr(best):.2f}", _ssim(best),
        interval(lead["hole_psnr"], 2, "+"), interval(lead["ssim"], 4, "+"),
    ]  # fmt: skip


def _place(record: Record) -> tuple[str, str, str]:
    return record["protocol"], record["bucket"], record["class"]


def _hole_psnr(record: Record) -> float:
    return float(record["hole_psnr"]["mean"])


def _ssim(record: Record) -> str:
    return f"{record['ssim']['mean']:.4f}"


def put(file: Path, table: str) -> None:
    """Replace what stands between the marks."""
    marked = r"(<!-- results -->\n\n).*?(<!-- end -->)"
    text = file.read_text(encoding="utf-8")
    text = re.sub(marked, lambda m: f"{m[1]}{table}\n\n{m[2]}", text, flags=re.DOTALL)
    file.write_text(text, encoding="utf-8")


def main() -> None:
    folders = [Path(argument) for argument in sys.argv[1:]]
    records = [json.loads((folder / "results.json").read_text()) for folder in folders]
    put(ROOT / "README.md", comparison(records, buckets=False))
    for file in (ROOT / "docs" / "evaluation.md", CARD):
        put(file, comparison(records, buckets=True))
    printed = ["# Results, everything as printed\n"]
    for folder, record in zip(folders, records, strict=True):
        title = f"{Path(record['data']).name}, {record['checkpoint']['name'].split('/')[-1]}"
        how = f"strategy {record['strategy']}, {record['precision']}"
        printed += [
            f"## {title}\n",
            f"{record['date'][:10]}, {record['pictures']} pictures, {how}.\n",
        ]
        printed += [(folder / "table.md").read_text()]
    (ROOT / "docs" / "results.md").write_text("\n".join(printed))


if __name__ == "__main__":
    main()
