"""`momentidx eval`: how good the answers are, on descriptions that people made."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption
from momentidx.errors import WrongUse

eval_app = typer.Typer(no_args_is_help=True)


class Method(StrEnum):
    """What searches."""

    bm25 = "bm25"
    bm25_stemmed = "bm25-stemmed"
    flat = "flat"
    full = "full"


IndexOption = Annotated[
    Path, typer.Option("--index", metavar="FILE", help="Descriptions to search in, densevid format.")
]
QueriesOption = Annotated[
    Path,
    typer.Option("--queries", metavar="FILE", help="Descriptions of the same videos by others, to ask with."),
]
PairsOption = Annotated[
    bool, typer.Option("--pairs", help="Ask 'A then B' with every two consecutive sentences of a video.")
]
PositionOption = Annotated[
    bool,
    typer.Option(
        "--position",
        help="Let a sentence's usual position in short described videos count ('he begins' is early).",
    ),
]
MethodOption = Annotated[
    Method,
    typer.Option(
        "--method", help="Words alone, with or without stems; nearest sentence vector; or all that search knows."
    ),
]


VideosOption = Annotated[Path, typer.Option("--videos", metavar="DIR", help="Folder that the names in FILE lie in.")]
AnnotationsOption = Annotated[
    Path, typer.Option("--annotations", metavar="FILE", help="Sentences with their times, densevid format.")
]


class MetricName(StrEnum):
    """What is counted; `momentidx.evaluation.scoring` says how."""

    grounding = "grounding"
    moments = "moments"
    highlights = "highlights"
    dense = "dense"
    soda = "soda"
    captions = "captions"
    segmentation = "segmentation"
    gqa = "gqa"


class Preset(StrEnum):
    """Whose way of counting."""

    clean = "clean"
    vtimellm = "vtimellm"
    momentor = "momentor"
    grounded_videollm = "grounded_videollm"


MetricArgument = Annotated[MetricName, typer.Argument(metavar="METRIC", help="What is counted, see above.")]
PredictionOption = Annotated[
    Path, typer.Option("--pred", metavar="FILE", help="What a model answered; of segmentation a folder too.")
]
TruthOption = Annotated[
    list[Path],
    typer.Option("--gt", metavar="FILE", help="What people annotated. dense takes it once or twice, gqa twice."),
]
PresetOption = Annotated[
    Preset, typer.Option("--preset", help="Count answers in words, and their times, as this paper's evaluation does.")
]
SwitchOption = Annotated[
    list[str] | None,
    typer.Option("--switch", metavar="NAME=VALUE", help="Differ from the preset, such as on_unparsed=whole."),
]


class BenchmarkName(StrEnum):
    """What is run; `momentidx.evaluation.benchmarks` says how."""

    mine = "mine"
    charades_sta = "charades-sta"
    activitynet_grounding = "activitynet-grounding"
    qvhighlights = "qvhighlights"
    timelens_charades = "timelens-charades"
    timelens_activitynet = "timelens-activitynet"
    timelens_qvhighlights = "timelens-qvhighlights"
    didemo = "didemo"
    hirest = "hirest"
    hirest_steps = "hirest-steps"
    nextgqa = "nextgqa"
    activitynet_dense = "activitynet-dense"
    youcook2 = "youcook2"
    breakfast = "breakfast"
    salads = "50salads"


BenchmarkArgument = Annotated[BenchmarkName, typer.Argument(metavar="BENCHMARK", help="What is asked, see above.")]
MeasuredOption = Annotated[
    str,
    typer.Option("--captioner", "-c", metavar="NAME", help="Who is asked; 'find' is the library's own search."),
]
DataOption = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="Folder with the annotations and, anywhere below, the videos.")
]
AnnotationFilesOption = Annotated[
    list[Path] | None,
    typer.Option("--annotations", metavar="FILE", help="Annotations, instead of those of the usual name in --data."),
]
OutOption = Annotated[
    Path | None,
    typer.Option(
        "-o", "--output", metavar="DIR", help="Folder for answers and report. Without it: eval-BENCHMARK-NAME."
    ),
]
LimitOption = Annotated[
    int | None, typer.Option("--limit", min=1, metavar="N", help="Only the first N queries; more can follow later.")
]


@eval_app.callback()
def evaluate() -> None:
    """Measure how good the answers are, on descriptions that people made."""


@eval_app.command()
def retrieval(
    index: IndexOption,
    queries: QueriesOption,
    pairs: PairsOption = False,
    position: PositionOption = False,
    method: MethodOption = Method.full,
    as_json: JsonOption = False,
) -> None:
    """Ask with one person's sentences for the moments that another person described.

    VR: the right video is found; VCMR: the right moment (tIoU 0.5) among all videos; SVMR: in its video.
    """
    from momentidx.commands import retrieving
    from momentidx.evaluation.densevid import read_descriptions
    from momentidx.search.minilm import MiniLMEmbedder, installed_weights

    described, asked = read_descriptions(index), read_descriptions(queries)
    both = set(described.names) & set(asked.names)
    described, asked = described.only(both), asked.only(both)
    if not both:
        raise WrongUse(f"{index} and {queries} have no video in common.")
    if position and method is not Method.full:
        raise WrongUse(f"--position belongs to --method full; '{method}' has no use for it.")
    embedder = MiniLMEmbedder(installed_weights())
    figures = retrieving.measure(described, asked, method, embedder, pairs=pairs, position=position)
    if as_json:
        typer.echo(json.dumps(figures))
        return
    typer.echo(f"{len(described.sentences)} events of {len(both)} videos, {len(asked.sentences)} sentences")
    for name, value in figures.items():
        typer.echo(f"  {name:<24} {value:6.2f}")


@eval_app.command()
def grounding(
    videos: VideosOption, annotations: AnnotationsOption, library: LibraryOption = None, as_json: JsonOption = False
) -> None:
    """Describe videos, then find the stretch that each sentence means in its video.

    Next to the figures stand those of an answer that always is the whole video.
    """
    from momentidx.commands import grounding as run
    from momentidx.commands.setting_up import set_up
    from momentidx.pipeline.tools import open_tools

    with open_tools(set_up(library).settings) as tools:
        found = run.measure(videos, annotations, tools)
    if as_json:
        typer.echo(json.dumps({"figures": found.ours, "whole_video": found.whole, "queries": found.queries}))
        return
    typer.echo(f"{'':<26}{'found':>8}{'whole video':>14}")
    for name, value in found.ours.items():
        typer.echo(f"  {name:<24}{value:>8.2f}{found.whole[name]:>14.2f}")


@eval_app.command()
def score(
    metric: MetricArgument,
    pred: PredictionOption,
    gt: TruthOption,
    preset: PresetOption = Preset.clean,
    switch: SwitchOption = None,
    as_json: JsonOption = False,
) -> None:
    """Score a file of predictions, in one of the field's formats, as the field's own programs do.

    grounding: one span for each sentence: R@1 and R@5 at tIoU 0.3, 0.5, 0.7, and mIoU

    moments: QVHighlights' windows: R1 and mAP, all and by length

    highlights: QVHighlights' saliency: mAP and Hit1

    dense: dense captions: BLEU, METEOR, ROUGE-L, CIDEr, recall, precision (needs Java)

    soda: dense captions as a story: SODA_c (needs Java)

    captions: one caption for each picture or clip: BLEU, METEOR, ROUGE-L, CIDEr (needs Java)

    segmentation: a label for each frame: accuracy (MoF), edit score, F1@10, 25, 50

    gqa: NExT-GQA: answers with a window, Acc@GQA, mIoP, mIoU

    docs/evaluation.md shows the files, and says what presets and switches change.
    """
    from momentidx.commands.scoring import read_log
    from momentidx.evaluation import scoring
    from momentidx.evaluation.conventions import conventions

    figures = scoring.score(metric, scoring.Request(pred, gt, conventions(preset, switch or ()), read_log))
    if as_json:
        typer.echo(json.dumps(figures))
        return
    for name, value in figures.items():
        typer.echo(f"  {name:<24} {value:9.4f}".rstrip("0").rstrip("."))


@eval_app.command()
def run(
    benchmark: BenchmarkArgument,
    data: DataOption,
    captioner: MeasuredOption = "auto",
    annotations: AnnotationFilesOption = None,
    output: OutOption = None,
    limit: LimitOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask a captioner, or the library's search, what a benchmark asks, and report how good its answers are.

    mine: your own queries about your own footage, as queries.csv with the columns file, query, in, out

    When is it: charades-sta, activitynet-grounding, qvhighlights, didemo, hirest, and with corrected times
    timelens-charades, timelens-activitynet, timelens-qvhighlights

    When is it, and which answer is right: nextgqa

    What happens: activitynet-dense, youcook2 (both need Java), hirest-steps, breakfast, 50salads

    Answers are written as they come: the same command goes on where it was stopped. docs/evaluation.md says which files
    each benchmark wants. Nothing is downloaded.
    """
    from momentidx.commands.benchmarking import PAGE, Wish, measure
    from momentidx.commands.setting_up import set_up
    from momentidx.commands.showing import plain

    wish = Wish(benchmark.value, captioner, data, tuple(annotations or ()), output, limit)
    found, out = measure(wish, set_up(library))
    if as_json:
        typer.echo(json.dumps({name: value for name, value in found.items() if name not in ("rows", "curves")}))
        return
    whole = found["whole_video"]
    left_out = f"; {len(found['missing_videos'])} videos are not there" if found["missing_videos"] else ""
    typer.echo(f"{found['queries']} queries about {found['videos']} videos{left_out}")
    for problem in dict.fromkeys(row["problem"] for row in found["rows"] if "problem" in row):
        typer.echo(plain(f"Counted 0: {problem}"), err=True)
    if whole:
        typer.echo(f"{'':<36}{'answered':>10}{'whole video':>14}")
    for name, value in found["figures"].items():
        typer.echo(f"  {name:<34}{value:>10g}" + (f"{whole[name]:>14g}" if name in whole else ""))
    typer.echo(f"See {out / PAGE}")
