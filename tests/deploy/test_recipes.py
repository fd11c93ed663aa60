"""Dockerfile, compose file, app.json and units: read as their programs read them, and held to what the program knows."""

from __future__ import annotations

import configparser
import fnmatch
import json
import pathlib
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import yaml

from digest.cli import cli
from digest.settings import DeliverySettings, SettingsFile
from tests.conftest import REPOSITORY, require

_UNITS = sorted((REPOSITORY / "deploy" / "systemd").glob("*.service"))
_ENVIRONMENT = REPOSITORY / "deploy" / "mujaz.env.example"
#: Variables that are no table's: the program's own, and those of the programs around it.
_KNOWN = {
    "DATABASE_URL",
    "DIGEST_BASE_URL",
    "DIGEST_DESK_PASSWORD",
    "DIGEST_HOME",
    "DIGEST_SECRET_KEY",
    "PORT",
    "POSTGRES_DB",
    "POSTGRES_PASSWORD",
    "POSTGRES_USER",
    "SENDGRID_API_KEY",
    # pip's and Python's.
    "PATH",
    "PIP_DISABLE_PIP_VERSION_CHECK",
    "PIP_NO_CACHE_DIR",
    "PIP_ROOT_USER_ACTION",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
}
#: How long a worker may take to end, in seconds.
_DRAIN = DeliverySettings().drain_seconds


def _text(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def _compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(_text("docker-compose.yml"))
    return found


def _ours() -> dict[str, dict[str, Any]]:
    """Return the compose file's services that run the program."""
    return {name: one for name, one in _compose()["services"].items() if one["image"] == "mujaz"}


def _unit(path: pathlib.Path) -> Mapping[str, list[str]]:
    """Return a unit's settings of all sections, each with its values: systemd allows a name more than once."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def _instructions(name: str = "Dockerfile") -> list[tuple[str, str]]:
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", _text(name), flags=re.MULTILINE))
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1].strip()) for line in text.splitlines() if line]


def _stages() -> list[list[tuple[str, str]]]:
    stages: list[list[tuple[str, str]]] = []
    for word, rest in _instructions():
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest))
    return stages


def _seconds(words: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(s|m)", words).groups()  # type: ignore[union-attr]
    return float(number) * {"s": 1, "m": 60}[unit]


# --------------------------------------------------------------------------- what all of them name


def _variables() -> Iterator[tuple[str, str]]:
    """Yield each variable of the environment that a recipe names, and where."""
    example = _ENVIRONMENT.read_text(encoding="utf-8")
    yield from (
        (_ENVIRONMENT.name, name) for name in re.findall(r"^(?:# )?([A-Z][A-Z_]+)=", example, re.MULTILINE)
    )
    yield from (("app.json", name) for name in json.loads(_text("app.json"))["env"])
    for service, table in _compose()["services"].items():
        yield from ((service, name) for name in table.get("environment", {}))
    for path in _UNITS:
        yield from ((path.name, value.partition("=")[0]) for value in _unit(path)["Environment"])
    for _, rest in (one for one in _instructions() if one[0] == "ENV"):
        yield from (("Dockerfile", pair.partition("=")[0]) for pair in shlex.split(rest))


def _is_setting(variable: str) -> bool:
    found = re.fullmatch(r"DIGEST_([A-Z]+)__([A-Z_]+)", variable)
    if not found:
        return False
    table = SettingsFile.model_fields.get(found[1].lower())
    fields = getattr(table.annotation, "model_fields", {}) if table else {}
    keys = {field.alias or name for name, field in fields.items()}
    return found[2].lower() in keys


def test_every_variable_is_one_that_the_program_reads() -> None:
    named = list(_variables())
    assert len(named) > 30
    unknown = [(place, name) for place, name in named if name not in _KNOWN and not _is_setting(name)]
    assert unknown == []


def _commands() -> Iterator[tuple[str, list[str]]]:
    for line in _text("Procfile").splitlines():
        yield f"Procfile: {line.partition(':')[0]}", line.partition(": ")[2].split()
    for name, one in _ours().items():
        yield f"compose: {name}", one["command"]
    for path in _UNITS:
        for value in _unit(path)["ExecStart"]:
            yield path.name, value.split()
    [command] = [json.loads(rest) for word, rest in _instructions() if word == "CMD"]
    yield "Dockerfile", command


@pytest.mark.parametrize(("place", "words"), [pytest.param(*one, id=one[0]) for one in _commands()])
def test_every_command_is_one_that_the_program_has(place: str, words: list[str]) -> None:
    assert pathlib.PurePath(words[0]).name == "digest" or words[:3] == ["python", "-m", "digest"]
    words = words[words.index("digest") + 1 :] if "digest" in words else words[1:]
    command = cli.get_command(None, words[0])  # type: ignore[arg-type]
    assert command is not None
    # Parsed as it would be, and not run.
    command.make_context(words[0], words[1:], resilient_parsing=False)


def test_the_same_processes_run_everywhere() -> None:
    procfile = {line.partition(":")[0] for line in _text("Procfile").splitlines()}
    assert procfile == set(_ours()) == {"release", "web", "worker"}
    assert set(json.loads(_text("app.json"))["formation"]) == procfile - {"release"}
    assert [path.stem for path in _UNITS] == ["mujaz-migrate", "mujaz-web", "mujaz-worker@"]


# --------------------------------------------------------------------------- Dockerfile


def test_what_runs_is_built_in_a_stage_before_and_with_hashes() -> None:
    build, last = _stages()
    assert build[0] == ("FROM", "python:3.11-slim AS build")
    assert last[0] == ("FROM", "python:3.11-slim")
    assert [rest for word, rest in last if word == "COPY"] == ["--from=build /opt/mujaz /opt/mujaz"]
    runs = " ".join(rest for word, rest in build if word == "RUN")
    installs = re.findall(r"pip install (.*?)(?: && |$)", runs)
    assert len(installs) == 3
    assert all("--require-hashes" in one or "--no-deps --no-index" in one for one in installs)
    # No compiler, and nothing fetched, where it runs.
    assert not [rest for word, rest in last if word == "RUN" and re.search(r"apt|pip|curl|gcc", rest)]


def test_the_builder_is_in_the_lock_with_all_that_it_needs() -> None:
    [names] = re.findall(r"\^\(([a-z|-]+)\)==", _text("Dockerfile"))
    locked = set(re.findall(r"^([a-z0-9-]+)==", _text("requirements-dev.lock"), flags=re.MULTILINE))
    needed, seen = ["hatchling"], set[str]()
    while needed:
        if (name := needed.pop()) not in seen:
            seen.add(name)
            needed += _requirements(name)
    assert set(names.split("|")) == seen
    assert seen <= locked


def _requirements(name: str) -> list[str]:
    from importlib.metadata import requires

    plain = [one for one in requires(name) or [] if "extra ==" not in one and "python_version <" not in one]
    return [re.split(r"[^A-Za-z0-9-]", one)[0].lower() for one in plain]


def test_it_is_not_root_and_hears_sigterm() -> None:
    last = dict(_stages()[-1])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"])
    assert last["STOPSIGNAL"] == "SIGTERM"
    # In exec form: a shell in between would keep the signal to itself.
    assert json.loads(last["CMD"]) == ["digest", "worker"]
    home = dict(pair.split("=", 1) for pair in shlex.split(last["ENV"]))["DIGEST_HOME"]
    assert json.loads(last["VOLUME"]) == [home]
    words = [word for word, _ in _stages()[-1]]
    assert words.index("VOLUME") > words.index("RUN"), "what is made after a volume is lost"


def test_all_that_is_copied_is_there_and_let_through() -> None:
    sources = [
        source
        for word, rest in _stages()[0]
        if word == "COPY"
        for source in rest.split()[:-1]
        if not source.startswith("--")
    ]
    assert sorted(sources) == sorted(set(sources))
    assert [source for source in sources if not (REPOSITORY / source).exists()] == []
    lines = [line for line in _text(".dockerignore").splitlines() if line and line[0] != "#"]
    # All is left out but what is named; and all that is named is copied.
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line[0] == "!"} == set(sources)
    # What the wheel is made of, as pyproject.toml has it.
    project = tomllib.loads(_text("pyproject.toml"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {
        *wheel["packages"],
        *wheel["force-include"],
        project["project"]["readme"],
        "LICENSE",
        "pyproject.toml",
    }
    assert needed <= set(sources)


def test_nothing_secret_lies_in_what_is_copied() -> None:
    lines = [line for line in _text(".dockerignore").splitlines() if line.startswith("**/")]
    assert {"**/*.env", "**/*.db", "**/*.pem"} <= set(lines)
    for folder in ("config", "templates", "digest"):
        for path in (REPOSITORY / folder).rglob("*"):
            is_left_out = any(fnmatch.fnmatch(f"/{path}", f"*{line[2:]}*") for line in lines)
            assert is_left_out or not re.search(r"\.(env|db|pem|key|sqlite)$|id_rsa", path.name)


# --------------------------------------------------------------------------- compose


def test_each_service_is_confined() -> None:
    for name, one in _compose()["services"].items():
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name
    for name, one in _ours().items():
        assert one["read_only"] is True, name
        assert one["volumes"] == ["home:/srv/mujaz"]
        assert one["tmpfs"] == ["/tmp"]
        assert "cap_add" not in one


def test_no_secret_stands_in_the_compose_file() -> None:
    for name, one in _ours().items():
        assert one["env_file"] == ".env", name
        assert "${POSTGRES_PASSWORD:?" in one["environment"]["DATABASE_URL"]
    values = dict(
        line.split("=", 1)
        for line in _ENVIRONMENT.read_text(encoding="utf-8").splitlines()
        if line[:1].isalpha()
    )
    secret = {name for name in values if re.search("PASSWORD|SECRET|TOKEN|KEY", name)}
    assert secret == {
        "DIGEST_DESK_PASSWORD",
        "DIGEST_SECRET_KEY",
        "DIGEST_WEB__METRICS_TOKEN",
        "POSTGRES_PASSWORD",
    }
    assert {values[name] for name in secret} == {""}


def test_the_tables_are_there_before_anybody_works() -> None:
    services = _compose()["services"]
    assert services["release"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    # The server that makes a new database answers on its socket, and is stopped again under who connects then.
    assert "--host=127.0.0.1" in services["database"]["healthcheck"]["test"]
    for name in ("web", "worker"):
        assert services[name]["depends_on"] == {"release": {"condition": "service_completed_successfully"}}
        assert services[name]["healthcheck"]["test"][0] == "CMD"
    # What has a name of its own, or a port of the machine's, cannot be scaled.
    assert not {"container_name", "ports"} & set(services["worker"])
    volumes = {one.split(":")[0] for table in services.values() for one in table["volumes"]}
    assert volumes == set(_compose()["volumes"])


def test_nobody_is_killed_before_the_drain_is_over() -> None:
    services = _compose()["services"]
    assert _seconds(services["worker"]["stop_grace_period"]) > _DRAIN
    assert _seconds(services["web"]["stop_grace_period"]) > 20
    stops = {path.stem: float(_unit(path).get("TimeoutStopSec", ["90"])[0]) for path in _UNITS}
    assert stops["mujaz-worker@"] > _DRAIN
    assert stops["mujaz-web"] > 20
    # Heroku's own, which nobody can set.
    assert _DRAIN < 30


# --------------------------------------------------------------------------- app.json


def test_app_json_has_what_heroku_asks_for() -> None:
    app = json.loads(_text("app.json"))
    assert {"name", "description", "formation", "addons", "env", "stack"} <= set(app)
    assert all(one["description"] for one in app["env"].values())
    assert app["env"]["DIGEST_SECRET_KEY"]["generator"] == "secret"
    assert all(not ({"value", "generator"} <= set(one)) for one in app["env"].values())
    assert [one["plan"].partition(":")[0] for one in app["addons"]] == ["heroku-postgresql"]
    assert all(one["quantity"] >= 1 for one in app["formation"].values())


# --------------------------------------------------------------------------- systemd


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in _UNITS])
def test_units_are_understood_and_confined(path: pathlib.Path) -> None:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(path, encoding="utf-8")
    assert parser.sections() == ["Unit", "Service", "Install"]
    service = parser["Service"]
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "PrivateDevices", "RestrictSUIDSGID"):
        assert service[name] == "yes", name
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""
    assert service["User"] == "mujaz"
    assert f"DIGEST_HOME=/var/lib/{service['StateDirectory']}" in _unit(path)["Environment"]
    if path.stem == "mujaz-migrate":
        assert (service["Type"], service["RemainAfterExit"]) == ("oneshot", "yes")
        return
    assert (service["KillSignal"], service["Restart"]) == ("SIGTERM", "on-failure")
    assert parser["Unit"]["Requires"] == "mujaz-migrate.service"
    assert "mujaz-migrate.service" in parser["Unit"]["After"].split()


def test_systemd_itself_finds_nothing_wrong(tmp_path: pathlib.Path) -> None:
    require(shutil.which("systemd-analyze") is not None, "systemd-analyze")
    for path in _UNITS:
        # With a program that is on this machine: a unit whose program is missing is refused.
        text = path.read_text(encoding="utf-8").replace("/opt/mujaz/bin/digest", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / path.name) for path in _UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "mujaz" in line]
    assert (done.returncode, said) == (0, []), done.stderr
