"""Write what eval.py measured into README.md, the model card and docs/results.md.

    PYTHONPATH=. python docs/make_results.py runs/ni:runs/ni_classic runs/photos:runs/photos_classic

Per data set: the run of the bundled checkpoint, and after the colon that of the recipe `classic`,
both over the same pictures and holes. The tables take the place of what stands between the marks
`<!-- results N -->` and `<!-- end -->`, N = 1, 2 …
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from inpainting.summary import MODEL
from inpainting.tables import interval

ROOT = Path(__file__).parents[1]
FILES = (ROOT / "README.md", ROOT / "inpainting" / "pretrained" / "README.md")
CLASSICAL = ("telea", "ns", "biharmonic")
HEAD = (
    "| holes | n | network: hole PSNR (dB) | SSIM | recipe `classic` | SSIM | best classical | "
    "hole PSNR (dB) | SSIM | lead in hole PSNR (dB) | lead in SSIM |"
)

Record = dict[str, Any]


def comparison(bundled: Record, recipe: Record) -> str:
    """One row per protocol and bucket: the network, `classic`, the best classical fill, the lead.

    Args:
        bundled, recipe: two results.json, read.
    """
    lines = [HEAD, "|" + "---|" * HEAD.count(" | ") + "---|"]
    others = {place(r): r for r in recipe["results"] if r["method"] == MODEL}
    for ours in (r for r in bundled["results"] if r["method"] == MODEL and not r["class"]):
        here = [r for r in bundled["results"] if place(r) == place(ours)]
        best = max((r for r in here if r["method"] in CLASSICAL), key=hole_psnr)
        lead = next(d for d in bundled["differences"]
                    if place(d) == place(ours) and d["baseline"] == best["method"])  # fmt: skip
        cells = [
            f"{ours['protocol']} {ours['bucket'].replace('-', '–')}".strip(),
            ours["n"], f"**{hole_psnr(ours):.2f}**", ssim(ours),
            f"{hole_psnr(others[place(ours)]):.2f}", ssim(others[place(ours)]),
            best["method"], f"{hole_psnr(best):.2f}", ssim(best),
            interval(lead["hole_psnr"], 2, "+"), interval(lead["ssim"], 4, "+"),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def place(record: Record) -> tuple[str, str, str]:
    return record["protocol"], record["bucket"], record["class"]


def hole_psnr(record: Record) -> float:
    return float(record["hole_psnr"]["mean"])


def ssim(record: Record) -> str:
    return f"{record['ssim']['mean']:.4f}"


def main() -> None:
    pairs = [[Path(folder) for folder in argument.split(":")] for argument in sys.argv[1:]]
    printed = ["# Results, everything as printed\n"]
    for number, folders in enumerate(pairs, 1):
        records = [json.loads((folder / "results.json").read_text()) for folder in folders]
        table = comparison(*records)
        for file in FILES:
            marked = rf"(<!-- results {number} -->\n\n).*?(\n\n<!-- end -->)"
            text = re.sub(marked, lambda m: m[1] + table + m[2], file.read_text(), flags=re.DOTALL)  # noqa: B023
            file.write_text(text)
        for folder, record in zip(folders, records, strict=True):
            title = f"{Path(record['data']).name}, {record['checkpoint']['name'].split('/')[-1]}"
            printed += [f"## {title}\n", f"{record['date'][:10]}, {record['pictures']} pictures.\n"]
            printed += [(folder / "table.md").read_text()]
    (ROOT / "docs" / "results.md").write_text("\n".join(printed))


if __name__ == "__main__":
    main()
