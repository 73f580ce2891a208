"""The files for deployment name what is there: extras, options, files; and keep to the rules that
linters of such files have.
"""

from __future__ import annotations

import argparse
import configparser
import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

from palate.cli.main import build_parser, main

VARIABLE = re.compile(r"PALATE_SERVE_(\w+)")


@pytest.fixture(scope="module")
def options() -> set[str]:
    """Options of palate serve, by their names in files and variables."""
    args = build_parser().parse_args(["serve"])
    return {option.dest for option in args.options}


@pytest.fixture(scope="module")
def instructions(repository: Path) -> list[tuple[str, str]]:
    text = (repository / "Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines()]


def of(instructions: list[tuple[str, str]], name: str) -> list[str]:
    return [words for found, words in instructions if found == name]


def test_the_image_keeps_to_what_linters_ask(instructions: list[tuple[str, str]]) -> None:
    bases = of(instructions, "FROM")
    assert len(bases) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim( AS \w+)?", base) for base in bases)
    assert all(path.startswith("/") for path in of(instructions, "WORKDIR"))
    assert not of(instructions, "ADD")
    (user,) = of(instructions, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    for name in ("ENTRYPOINT", "CMD"):  # as lists: signals reach the process itself
        assert of(instructions, name)[-1].startswith("[")
    assert "sudo" not in str(instructions)
    assert all("apt-get" not in run for run in of(instructions, "RUN"))
    last = [name for name, _ in instructions]
    assert last.index("USER") < last.index("ENTRYPOINT")


def test_the_image_takes_files_and_extras_that_are_there(
    repository: Path, instructions: list[tuple[str, str]]
) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    (extras,) = (arg for arg in of(instructions, "ARG") if arg.startswith("EXTRAS="))
    wanted = extras.removeprefix("EXTRAS=").split(",")
    assert set(wanted) <= set(project["project"]["optional-dependencies"])
    ignored = (repository / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for copied in of(instructions, "COPY"):
        *sources, _ = shlex.split(copied)
        if sources[0].startswith("--from="):
            continue
        for source in sources:
            assert (repository / source).exists(), source
            assert f"!{source}" in ignored, source
    needed = {project["project"]["readme"], *project["project"]["license-files"]}
    assert needed <= {name.removeprefix("!") for name in ignored}


def test_variables_and_keys_are_options(repository: Path, options: set[str]) -> None:
    files = ("Dockerfile", "deploy/palate.service", "deploy/compose.yaml", "docs/deployment.md")
    for name in files:
        text = (repository / name).read_text(encoding="utf-8")
        assert {found.lower() for found in VARIABLE.findall(text)} <= options, name
    keys = tomllib.loads((repository / "deploy" / "serve.toml").read_text(encoding="utf-8"))
    assert set(keys) <= options


def test_the_example_configuration_is_understood(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = repository / "deploy" / "serve.toml"
    assert main(["serve", "--config", str(file), "--print-config"]) == 0
    assert 'run = "/srv/palate/runs/shop"  # file' in capsys.readouterr().out


def test_the_services_name_what_is_there(repository: Path) -> None:
    file = repository / "deploy" / "compose.yaml"
    found = yaml.safe_load(file.read_text(encoding="utf-8"))
    services, volumes = found["services"], set(found["volumes"])
    build = services["palate"]["build"]
    assert (file.parent / build["context"] / "Dockerfile").is_file()
    project = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = build["args"]["EXTRAS"].split(",")
    assert set(wanted) <= set(project["project"]["optional-dependencies"])
    assert set(services["palate"]["depends_on"]) <= set(services)
    for name, service in services.items():
        mounted = {volume.partition(":")[0] for volume in service["volumes"]}
        assert {source for source in mounted if "$" not in source} <= volumes, name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert "image" not in service or re.search(r":\d+$", service["image"]), name
        assert "s3cret" not in str(service)
    secrets = re.findall(r"PASSWORD: (.*)", file.read_text(encoding="utf-8"))
    assert secrets
    assert all(secret.startswith("${") for secret in secrets)  # none stands in the file


def test_the_unit_runs_a_command_that_is_understood(repository: Path) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((repository / "deploy" / "palate.service").read_text(encoding="utf-8"))
    assert {"Unit", "Service", "Install"} == set(unit.sections())
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert program.startswith("/")
    args = build_parser().parse_args(words)
    assert isinstance(args, argparse.Namespace)
    assert args.config == Path("/etc/palate/serve.toml")
    drain = 20
    assert int(unit["Service"]["TimeoutStopSec"]) > drain
    assert "User" not in unit["Service"] or unit["Service"]["User"] != "root"
