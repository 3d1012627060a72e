"""Files are complete or absent: links, modes, pipes, killed processes and threads."""

from __future__ import annotations

import io
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from landscapes.analysis.tables import check_csv
from landscapes.errors import InputError
from landscapes.files import check_target, replacing, replacing_all
from landscapes.leftovers import NAME, remove_leftovers, temporary_path

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes, links, pipes and signals of POSIX")


def write(path: Path, text: str = "new") -> None:
    with replacing(path) as temporary:
        temporary.write_text(text)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (f"{'🏔' * 63}.png", "at most 255 bytes; shorten it"),
        ("a" * 300, "at most 255 bytes; shorten it"),
        (f"{'a/' * 3000}a.png", "File name too long"),
        ("a\0b.png", "null"),
        ("missing/a.png", r"^cannot write '\S*missing/a.png': the folder \S+ does not exist; make it first"),
        ("loop.png", "ymbolic link"),
        ("astray.png", "the folder .*gone' does not exist; make it first"),
    ],
    ids=lambda text: text[:12],
)
@posix
def test_names_that_cannot_be_written_are_refused_before_the_work(tmp_path, name, words):
    (tmp_path / "loop.png").symlink_to("loop.png")
    (tmp_path / "astray.png").symlink_to("gone/away.png")
    for attempt in (check_target, lambda path: replacing(path).__enter__()):
        with pytest.raises(InputError, match=words):
            attempt(tmp_path / name)


@pytest.mark.parametrize("path", [5, None, io.BytesIO(), b"a.png"], ids=["int", "None", "buffer", "bytes"])
def test_objects_that_are_no_paths_are_refused(path, make_record):
    for attempt in (check_target, make_record([[1.0]]).save, check_csv):
        with pytest.raises(InputError, match="expected a path, got"):
            attempt(path)


def test_a_name_of_the_greatest_length_is_written(tmp_path):
    for suffix in (".png", f".{'s' * 200}"):
        target = tmp_path / f"{'🏔' * ((255 - len(suffix)) // 4)}{suffix}"
        write(target)
        with replacing_all(target) as inside:
            inside.write_text("new")
        assert names(tmp_path) == [target.name]
        target.unlink()


@posix
def test_pipes_and_devices_are_written_to(tmp_path):
    pipe, link = tmp_path / "pipe.png", tmp_path / "null.png"
    os.mkfifo(pipe)
    link.symlink_to(os.devnull)
    found = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_text()))
    reader.start()
    write(pipe)
    reader.join()
    write(link)
    assert found == ["new"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert link.is_symlink()
    assert names(tmp_path) == ["null.png", "pipe.png"]


@posix
def test_open_files_of_the_process_are_continued(tmp_path, environment_here):
    code = (
        "from landscapes.files import replacing\n"
        "print('before')\n"
        "with replacing('/dev/stdout') as file: file.write_text('inside\\n')\n"
        "print('after')"
    )
    with (tmp_path / "out.txt").open("w+") as file:
        for target in (subprocess.PIPE, file):
            done = subprocess.run(
                [sys.executable, "-c", code], stdout=target, env=environment_here, text=True, check=True
            )
            file.seek(0)
            assert (done.stdout or file.read()) == "before\ninside\nafter\n"


@posix
def test_links_are_written_through_and_modes_kept(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "f-1.png", tmp_path / "f-1.png"
    real.write_text("old")
    link.symlink_to(real)
    real.chmod(0o600)
    seen = []
    with replacing(link) as temporary:
        seen.append(stat.S_IMODE(temporary.stat().st_mode))
        temporary.write_text("new")
    assert seen == [0o600], "only the owner reads the content before it is renamed"
    with replacing_all(tmp_path / "f-%d.png") as inside:
        for number in range(2):
            inside.with_name(f"f-{number}.png").write_text("frame")
    assert link.is_symlink()
    assert real.read_text() == "frame"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600
    assert names(tmp_path) == ["elsewhere", "f-0.png", "f-1.png"]


def test_no_file_appears_if_one_of_them_cannot(tmp_path):
    (tmp_path / "f-1.png").mkdir()
    frames = replacing_all(tmp_path / "f-%d.png")
    inside = frames.__enter__()
    for number in range(2):
        inside.with_name(f"f-{number}.png").write_text("frame")
    with pytest.raises(InputError, match="it is a folder"):
        frames.__exit__(None, None, None)
    assert names(tmp_path) == ["f-1.png"]


@posix
@pytest.mark.parametrize("umask", ["077", "002"])
def test_new_files_have_the_mode_of_the_umask_which_is_never_set(tmp_path, environment_here, umask):
    code = (
        f"import os\nos.umask(0o{umask})\nos.umask = None\nfrom landscapes.files import replacing, replacing_all\n"
        "with replacing('one.txt') as file: file.write_text('')\n"
        "with replacing_all('f-%d.txt') as file: file.with_name('f-0.txt').write_text('')"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment_here, check=True)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o666 & ~int(umask, 8)}


def test_a_file_is_on_the_disk_before_it_is_renamed(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: (done.append("fsync"), fsync(handle)))
    monkeypatch.setattr(os, "replace", lambda *paths: (done.append("replace"), replace(*paths)))
    write(tmp_path / "a.txt")
    with replacing_all(tmp_path / "b.txt") as inside:
        inside.write_text("new")
    assert done == ["fsync", "replace"] * 2


@posix
def test_what_killed_processes_left_is_removed_and_nothing_else(tmp_path, environment_here):
    code = (
        "import sys, time\nfrom landscapes.files import replacing, replacing_all\n"
        "with replacing('race.gif') as file, replacing_all('race.gif'), replacing('other.gif'):\n"
        "    file.write_text('half')\n    print('in the middle', flush=True)\n    sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment_here, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        process.stdout.readline()
        write(tmp_path / "race.gif")
        assert len(names(tmp_path)) == 4, "the process is alive"
        process.send_signal(signal.SIGKILL)
        process.wait()
    (tmp_path / ".race.mine.gif").write_text("a file of the user")
    away = next(name for name in names(tmp_path) if name.startswith(".other")).replace(NAME_OF_HOST, "0" * 12)
    (tmp_path / away).write_text("of another machine")
    write(tmp_path / "race.gif")
    assert [name for name in names(tmp_path) if name.startswith(".race")] == [".race.mine.gif"]
    assert len(names(tmp_path)) == 4, "those of another target or machine stay"
    remove_leftovers(tmp_path)
    assert names(tmp_path) == sorted([".race.mine.gif", away, "race.gif"])


NAME_OF_HOST = NAME.fullmatch(temporary_path(Path("a.gif")).name)["host"]


@pytest.mark.parametrize("collection", [False, True])
def test_threads_write_one_target_without_disturbing_each_other(tmp_path, collection):
    target, errors, barrier = tmp_path / "race.gif", [], threading.Barrier(8)

    def work(number: int) -> None:
        try:
            for _ in range(10):
                barrier.wait()
                with (replacing_all if collection else replacing)(target) as temporary:
                    temporary.write_text(f"{number}" * 1000)
        except BaseException as error:
            errors.append(error)
            barrier.abort()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert names(tmp_path) == ["race.gif"]
    assert len(set(target.read_text())) == 1
