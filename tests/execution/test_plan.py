"""Plans: blocks partition the runs, results do not depend on the blocks, and fingerprints detect changes."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from experiments_for_tests import BOX, grid, same, valid_bowl
from hypothesis import given
from hypothesis import strategies as st

from landscapes import InputError, function, optimizers
from landscapes.engine.fast import compiling
from landscapes.engine.termination import Stop
from landscapes.execution import execute
from landscapes.execution.fingerprints import fingerprint
from landscapes.execution.plan import MAX_BYTES, MAX_RUN_STEPS, MAX_RUNS, GridColumn, Plan, RunSettings, Task
from landscapes.execution.results import to_arrays
from landscapes.functions import get

lengths = st.lists(st.integers(1, 5), min_size=1, max_size=4)


@given(lengths, st.data())
def test_columns_are_the_axes_of_a_grid(lengths, data):
    axes = [np.arange(float(n)) + 10 * k for k, n in enumerate(lengths)]
    listed = [values.ravel() for values in np.meshgrid(*axes, indexing="ij")]
    total = len(listed[0])
    begin = data.draw(st.integers(0, total))
    end = data.draw(st.integers(begin, total))
    for k, values in enumerate(axes):
        column = GridColumn.along(values, lengths, k)
        assert column[begin:end].tolist() == listed[k][begin:end].tolist()


@given(st.lists(st.integers(1, 60), min_size=1, max_size=4), st.integers(1, 70), st.data())
def test_blocks_partition_the_runs(sizes, size, data):
    terms = RunSettings(steps=3, box=BOX)
    tasks = [
        Task(valid_bowl, optimizers.SGD(), n, [GridColumn(np.arange(100.0) + 1000 * k), GridColumn(np.ones(1))], terms)
        for k, n in enumerate(sizes)
    ]
    plan = Plan(tasks, size)
    starts = np.concatenate([block.starts[:, 0] for block in plan])
    assert starts.tolist() == [1000 * k + i for k, n in enumerate(sizes) for i in range(n)]
    assert plan.runs == len(starts) == sum(plan.block_length(i) for i in range(len(plan)))
    assert sum(plan.run_steps(i) for i in range(len(plan))) == 3 * plan.runs
    task = data.draw(st.integers(0, len(sizes) - 1))
    begin = data.draw(st.integers(0, sizes[task] - 1))
    end = data.draw(st.integers(begin + 1, sizes[task]))
    places = [plan.locate(i) for i in plan.blocks_of(task, begin, end)]
    assert all(place[0] == task for place in places)
    assert places[0][1] <= begin < places[0][2]
    assert places[-1][1] < end <= places[-1][2]
    with pytest.raises(IndexError):
        plan[len(plan)]


@pytest.mark.parametrize("dim", [2, 40, 5000])
@pytest.mark.parametrize(
    ("steps", "keep"), [(0, "ends"), (100, "all"), (10**5, 1000), (10**6, "ends"), (10**10, "ends")]
)
def test_blocks_have_bounds(dim, steps, keep):
    f = get("sphere", dim=dim)
    task = Task(
        f,
        optimizers.Adam(),
        10**9,
        [GridColumn(np.ones(1))] * dim,
        RunSettings(steps, np.zeros((dim, 2)), record_steps=keep),
    )
    runs = task.default_block_size()
    assert 1 <= runs <= MAX_RUNS
    assert runs & (runs - 1) == 0
    assert runs == 1 or (runs * steps <= MAX_RUN_STEPS and runs * task.result_bytes <= MAX_BYTES)
    largest = 2 * runs
    assert (
        largest > MAX_RUNS or largest * steps > MAX_RUN_STEPS or largest * (task.result_bytes + 160 * dim) > MAX_BYTES
    )


@pytest.mark.parametrize(
    ("runs", "steps", "workers", "longest"),
    [
        ([3200], 20_000, 1, 3200),  # one worker
        ([3200], 20_000, 2, 1600),
        ([3200], 20_000, 7, 458),
        ([3200, 3200], 20_000, 2, 3200),  # one each
        ([3000, 100], 20_000, 2, 1550),
        ([100], 20_000, 8, 64),
        ([3200], 10, 8, 3200),  # too little work
    ],
)
def test_each_worker_has_a_block(runs, steps, workers, longest):
    task = grid(steps=steps).tasks[0]
    plan = Plan([replace(task, size=n) for n in runs], workers=workers)
    assert max(plan.block_length(i) for i in range(len(plan))) == longest


KINDS = [
    [optimizers.Adam(), optimizers.SGD(momentum=0.9)],
    [optimizers.Lion(), optimizers.RMSprop(momentum=0.5)],
    [optimizers.Clip(optimizers.Adam(), norm=1.0)],
]


@pytest.mark.parametrize("kinds", KINDS, ids=lambda kinds: kinds[0].label)
@pytest.mark.parametrize(
    ("size", "terms"),
    [(1, {}), (7, {}), (16, {"dtype": "float32"}), (7, {"record_steps": 4, "metrics": ("gradient_norm",)})],
    ids=str,
)
@pytest.mark.thin(2)
def test_no_bit_depends_on_the_blocks(kinds, size, terms):
    whole = execute(grid(get("noisy_beale"), kinds, side=4, size=10**6, **terms))
    assert same(execute(grid(get("noisy_beale"), kinds, side=4, size=size, **terms))[:], whole[:])


@pytest.mark.parametrize("name", ["rosenbrock", "ackley", "beale", "levy", "himmelblau", "mueller_brown"])
@pytest.mark.thin(1)
def test_no_bit_depends_on_whether_a_block_is_traced(name, monkeypatch):
    """The engine traces formulas for large blocks only."""
    monkeypatch.setattr(compiling, "MIN_RUN_STEPS", 1000)
    whole = execute(grid(get(name), size=10**6))
    assert same(execute(grid(get(name), size=16))[:], whole[:])


@pytest.mark.slow
def test_no_bit_of_compiled_steps_depends_on_the_blocks():
    whole = execute(grid(get("himmelblau"), side=40, size=10**6, steps=40, compiled=True))
    assert same(execute(grid(get("himmelblau"), side=40, size=77, steps=40, compiled=True))[:], whole[:])


def test_compilation_is_decided_for_the_whole_task():
    small, large = grid(side=10, steps=25), grid(side=1000, steps=1000)
    assert {block.settings.compiled for block in small} == {False}
    assert large[0].settings.compiled
    assert large[len(large) - 1].settings.compiled
    assert not grid(side=1000, steps=1000, compiled=False)[0].settings.compiled
    assert grid(compiled=True)[0].settings.compiled


def test_results_equal_those_of_single_runs():
    plan = grid(side=4, size=3)
    result = execute(plan)[:]
    for i, rate in enumerate(np.geomspace(1e-3, 2.0, 4)):
        task = plan.tasks[0]
        starts = [GridColumn(coordinate) for coordinate in task.block(i, i + 1).starts.T]
        alone = Task(
            valid_bowl, optimizers.Adam(lr=float(rate)), 1, starts, task.settings, {}, GridColumn(np.array([i]))
        )
        single = Plan([alone])[0].run()
        for name, values in to_arrays(single).items():
            if name != "step":
                assert values[0].tobytes() == to_arrays(result)[name][i].tobytes(), name


def test_a_block_is_small_and_picklable():
    plan = grid(side=1000, size=None)
    block = plan[3]
    data = pickle.dumps(block)
    assert len(data) < 33 * len(block) + 2000
    assert len(pickle.dumps(plan.tasks)) < 50_000
    assert same(pickle.loads(data).run(), block.run())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Plan([]), "nothing to run: give at least one optimizer and one function"),
        (lambda: grid(size=0), "size must be >= 1 run per block, got 0"),
        (lambda: grid(side=0), "an experiment must have at least one run; an axis without values"),
        (
            lambda: Task(valid_bowl, optimizers.SGD(), 3, [GridColumn(np.ones(1))], RunSettings(3, BOX)),
            "starts must have 2 coordinates for valid_bowl, got 1",
        ),
    ],
)
def test_invalid_plans_are_rejected(make, message):
    with pytest.raises(InputError, match=message):
        make()


@function((-3, 3), (-3, 3), name="valid_bowl")
def edited_bowl(x, y):
    """A different function of the same name."""
    return x * x + 3.001 * y * y


CHANGES = {
    "steps": lambda: grid(steps=26),
    "target": lambda: grid(target=0.25),
    "stop": lambda: grid(stop=Stop(gtol=1e-4)),
    "seed": lambda: grid(seed=1),
    "dtype": lambda: grid(dtype="float32"),
    "box": lambda: grid(box=2 * BOX),
    "metrics": lambda: grid(metrics=("lr",)),
    "recorded steps": lambda: grid(record_steps=5),
    "optimizers": lambda: grid(kinds=[optimizers.Adam(beta1=0.8)]),
    "values of the functions": lambda: grid(edited_bowl),
    "minima": lambda: grid(replace(valid_bowl, minima=((0.0, 1e-5),))),
    "runs": lambda: grid(side=11),
    "blocks": lambda: grid(size=8),
    "hyper-parameters": lambda: Plan(
        [replace(grid().tasks[0], hyperparameters={"lr": GridColumn(np.geomspace(1e-3, 2.001, 10))})], 16
    ),
    "starts": lambda: Plan([replace(grid().tasks[0], starts=[GridColumn(np.ones(1))] * 2)], 16),
    "random numbers": lambda: Plan([replace(grid().tasks[0], streams=GridColumn(np.arange(8)))], 16),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_fingerprint_names_what_changed(name):
    first, second = fingerprint(grid()), fingerprint(CHANGES[name]())
    assert first == fingerprint(grid())
    differ = [key for key in first if first[key] != second[key]]
    assert differ[0] == name, "the first difference"


def test_the_fingerprint_ignores_rounding():
    @function((-3, 3), (-3, 3), name="valid_bowl", minima=[(1e-12, 0)])
    def rounded(x, y):
        return (x * x + 3 * y * y) * (1 + 1e-15)

    assert fingerprint(grid(rounded)) == fingerprint(grid())


def test_a_stochastic_function_is_identified_by_its_samples():
    one, other = (
        function((-3, 3), (-3, 3), name="f", sample=lambda t, s=shift: lambda x, y: x * x + s * y)(lambda x, y: x * x)
        for shift in (1.0, 2.0)
    )
    assert fingerprint(grid(one)) != fingerprint(grid(other))
