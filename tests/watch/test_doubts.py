"""When everything has to be looked at again. The clocks are passed in.

W28 clock changes mean nothing · W29 suspend and SIGSTOP · W18 mounts
"""

from momentidx.watch.doubts import Doubts


class Machine:
    """Two clocks and a mount table."""

    def __init__(self) -> None:
        self.awake, self.always, self.mounts = 100.0, 900.0, ("/",)
        self.doubts = Doubts(lambda: self.mounts, lambda: self.awake, lambda: self.always)
        assert self.doubts.new() is None

    def runs(self, seconds: float) -> None:
        self.awake += seconds
        self.always += seconds


def test_while_time_passes_evenly_there_is_no_doubt() -> None:
    machine = Machine()
    for _ in range(3):
        machine.runs(1)
        assert machine.doubts.new() is None


def test_after_a_sleep_everything_is_in_doubt_once() -> None:
    machine = Machine()
    machine.always += 600
    assert machine.doubts.new() == "the machine slept for 600 s"
    assert machine.doubts.new() is None


def test_after_being_stopped_as_well() -> None:
    machine = Machine()
    machine.runs(120)
    assert machine.doubts.new() == "the program was stopped for 120 s"


def test_after_something_was_mounted_as_well() -> None:
    machine = Machine()
    machine.mounts = ("/", "/media/card")
    assert machine.doubts.new() == "a file system was mounted or unmounted"
    assert machine.doubts.new() is None
