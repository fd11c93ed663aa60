"""The wheel carries all that it needs, and runs where no checkout is."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import venv
import zipfile

import pytest

from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The wheel, built from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder], REPOSITORY)
    [built] = folder.glob("mujaz-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder that the wheel was installed into, without its dependencies."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--no-deps", "--no-index", "--target", folder, wheel], folder)
    return folder


def _run(words: list[object], cwd: pathlib.Path, **environment: str) -> str:
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "LANG": "C.UTF-8"} | environment
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env=clean, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _files(folder: str) -> set[str]:
    root = REPOSITORY / folder
    return {f"{folder}/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file()}


def test_the_wheel_carries_templates_configuration_and_sample(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    shipped = _files("config") | _files("templates")
    assert {"config/regions.toml", "config/locales/ar.po", "templates/email/edition.html.j2"} <= shipped
    assert any(name.startswith("config/gazetteer/") for name in shipped)
    assert sorted(f"digest/bundled/{name}" for name in shipped if f"digest/bundled/{name}" not in names) == []
    sources = {name for name in _files("digest") if "__pycache__" not in name}
    assert sorted(sources - names) == []
    assert {"digest/py.typed", "digest/demo/outlets.toml", "digest/demo/news/gulf.toml"} <= names
    assert "digest/adapters/store/migrations/script.py.mako" in names


def test_the_wheel_carries_nothing_else(wheel: pathlib.Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names))
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"digest", "mujaz"}
    assert [name for name in names if "__pycache__" in name or name.endswith(".db") or "/var/" in name] == []


def test_the_installed_package_runs_the_demo_outside_the_checkout(
    installed: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    # The checkout is installed too, for editing: what runs must be what was in the wheel.
    where = "import digest, digest.home as h; print(digest.__file__, h.shipped('config'), h.default_home({}))"
    places = _run([sys.executable, "-c", where], tmp_path, PYTHONPATH=str(installed)).split()
    assert places == [
        str(installed / "digest" / "__init__.py"),
        str(installed / "digest" / "bundled" / "config"),
        str(tmp_path),
    ]
    said = _run([sys.executable, "-m", "digest", "demo", "--to", "here"], tmp_path, PYTHONPATH=str(installed))
    _check_demo(said, tmp_path / "here")


def test_the_command_is_installed(installed: pathlib.Path, tmp_path: pathlib.Path) -> None:
    said = _run([installed / "bin" / "digest", "--version"], tmp_path, PYTHONPATH=str(installed))
    assert said == "digest, version 0.1.0\n"


@pytest.mark.skipif(
    os.environ.get("DIGEST_TEST_ALL") != "1", reason="downloads every dependency; DIGEST_TEST_ALL=1 runs it"
)
def test_an_empty_environment_with_the_locked_dependencies_runs_the_demo(
    wheel: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    program = tmp_path / "venv" / "bin"
    pip = [program / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # How this machine reaches its package index is pip's own business.
    settings = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.lower().endswith("_proxy") or "CERT" in name
    }
    settings |= {"HOME": os.environ["HOME"]}
    _run([*pip, "--require-hashes", "--requirement", REPOSITORY / "requirements.lock"], tmp_path, **settings)
    _run([*pip, "--no-deps", "--no-index", wheel], tmp_path, **settings)
    where = _run([program / "python", "-c", "import digest; print(digest.__file__)"], tmp_path)
    assert pathlib.Path(where.strip()).is_relative_to(tmp_path / "venv")
    _check_demo(_run([program / "digest", "demo", "--to", "here"], tmp_path), tmp_path / "here")


def _check_demo(said: str, home: pathlib.Path) -> None:
    assert str(home / "var" / "preview" / "edition.html") in said
    assert (home / "var" / "preview" / "edition.html").stat().st_size > 10_000
    assert len(list((home / "var" / "outbox").rglob("*.eml"))) == 3
