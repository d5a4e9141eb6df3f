"""Every benchmark by name: what it asks, which files it reads, how it counts."""

from __future__ import annotations

from momentidx.evaluation.benchmarks import answering, labelling, locating, mine, telling
from momentidx.evaluation.benchmarks.values import Ask, Benchmark

LOCATE, DESCRIBE, ANSWER = (Ask.LOCATE,), (Ask.DESCRIBE,), (Ask.LOCATE, Ask.ANSWER)
OWN = "mine"
TIMELENS = {"charades": "Charades-STA", "activitynet": "ActivityNet Captions", "qvhighlights": "QVHighlights"}

BENCHMARKS = {
    OWN: Benchmark(
        "your own queries: file, query, in, out", "yours; R@k and mIoU as Gao et al., arXiv 1705.02101",
        ("queries.csv",), LOCATE, mine.read, mine.count,
    ),
    "charades-sta": Benchmark(
        "sentences about what people do at home", "Gao et al., arXiv 1705.02101",
        ("charades_sta_test.txt",), LOCATE, locating.charades, locating.count,
    ),
    "activitynet-grounding": Benchmark(
        "sentences of ActivityNet Captions", "Krishna et al., arXiv 1705.00754; R@k as arXiv 1705.02101",
        ("val_2.json", "val_1.json"), LOCATE, locating.densevid, locating.count,
    ),
    "qvhighlights": Benchmark(
        "all stretches that a sentence means", "Lei et al., arXiv 2107.09609",
        ("highlight_val_release.jsonl",), LOCATE, locating.qvhighlights_windows, locating.count_qvhighlights,
    ),
    **{
        f"timelens-{name}": Benchmark(
            f"{title} with corrected times", "TimeLens-Bench; R@k as arXiv 1705.02101",
            (f"{name}-timelens.json",), LOCATE, locating.timelens, locating.count,
        )
        for name, title in TIMELENS.items()
    },
    "didemo": Benchmark(
        "sentences about 5 s segments, timed by four people", "Hendricks et al., arXiv 1708.01641",
        ("test_data.json", "val_data.json"), LOCATE, locating.didemo_segments, locating.count_didemo,
    ),
    "hirest": Benchmark(
        "the stretch of a how-to video that answers a query", "Zala et al., arXiv 2303.16406",
        ("all_data_test.json", "all_data_val.json"), LOCATE, locating.hirest_stretches, locating.count_hirest,
    ),
    "hirest-steps": Benchmark(
        "the steps inside that stretch", "Zala et al., arXiv 2303.16406",
        ("all_data_test.json", "all_data_val.json"), DESCRIBE, telling.hirest_steps, telling.count_steps,
    ),
    "nextgqa": Benchmark(
        "questions with five choices, and where the answer is seen", "Xiao et al., arXiv 2309.01327",
        ("test.csv", "gsub_test.json", "val.csv", "gsub_val.json"), ANSWER, answering.read, answering.count,
        least=2, most=2,
    ),
    "activitynet-dense": Benchmark(
        "everything that happens, told by two people", "Krishna et al., arXiv 1705.00754; SODA, ECCV 2020",
        ("val_1.json", "val_2.json"), DESCRIBE, telling.densevid, telling.count_dense, most=2, needs_words=True,
    ),
    "youcook2": Benchmark(
        "the steps of cooking videos", "Zhou et al., arXiv 1703.09788; counted as activitynet-dense",
        ("youcookii_annotations_trainval.json",), DESCRIBE, telling.youcook2, telling.count_dense, needs_words=True,
    ),
    "breakfast": Benchmark(
        "an action for each frame, 1,712 breakfasts", "Kuehne et al., CVPR 2014; figures of arXiv 1611.05267",
        ("groundTruth",), DESCRIBE, labelling.read, labelling.count,
    ),
    "50salads": Benchmark(
        "an action for each frame, 50 salads", "Stein and McKenna, UbiComp 2013; figures of arXiv 1611.05267",
        ("groundTruth",), DESCRIBE, labelling.read, labelling.count,
    ),
}  # fmt: skip
