"""`authserver brand`, `apply` and `export`."""

import tomllib
from pathlib import Path

import pytest

from authserver.cli.toml_output import toml_of
from tests.cli.conftest import Run, RunJson
from tests.support.images import png


@pytest.fixture
def logo(tmp_path: Path) -> str:
    file = tmp_path / "logo.png"
    file.write_bytes(png())
    return str(file)


def test_a_brand_is_chosen_shown_undone_and_removed(
    run: Run, run_json: RunJson, logo: str, tmp_path: Path
) -> None:
    style = tmp_path / "own.css"
    style.write_text(".card { letter-spacing: 0.01em; }\n")

    chosen = run_json(
        *("brand", "set", "--name", "Fern", "--color", "#115E40", "--logo", logo),
        *("--support-url", "mailto:help@example.com", "--radius", "4"),
        *("--custom-css", str(style), "--auto-submit-code"),
    )
    run_json("brand", "set", "--name", "Oak")

    assert chosen["color"] == "#115e40"
    assert chosen["custom_css"] == style.read_text()
    shown = run("brand", "show").stdout
    assert "Oak" in shown
    assert "custom-css        34 characters" in shown
    assert "auto-submit-code  yes" in shown
    assert run_json("brand", "undo")["name"] == "Fern"
    assert [version["version"] for version in run_json("brand", "history")] == [3, 2, 1]
    assert run_json("brand", "remove", "logo", "custom-css")["logo"] is None
    assert set(run_json("brand", "remove").values()) == {None}


def test_a_client_has_a_look_of_its_own(run_json: RunJson) -> None:
    client_id = run_json(
        *("client", "create", "--name", "Books", "--kind", "web"),
        *("--redirect-uri", "https://books.example/callback"),
    )["client_id"]

    run_json("brand", "set", "--client", client_id, "--name", "Bookstore")

    assert run_json("brand", "show", "--client", client_id)["name"] == "Bookstore"
    shown = run_json("brand", "show")
    assert (shown["name"], shown["clients"]) == (None, [client_id])


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--color", "#ffd400"), 1, "The nearest that passes is #856f00."),
        (("--support-url", "http://x"), 1, "support-url 'http://x' cannot be linked to"),
        (("--logo", "/no/such/file.png"), 1, "/no/such/file.png: No such file"),
        (("--client", "nobody", "--name", "x"), 1, "There is no client 'nobody'"),
        ((), 2, "Name something to choose"),
        (("--radius", "round"), 2, "radius"),
    ],
)
def test_what_cannot_be_chosen_is_told_in_a_sentence(
    run: Run, arguments: tuple[str, ...], status: int, words: str
) -> None:
    result = run("brand", "set", *arguments)

    assert result.exit_code == status
    assert words in result.stderr
    assert "Traceback" not in result.output


def test_what_is_exported_can_be_applied_elsewhere(
    run: Run, run_json: RunJson, logo: str, tmp_path: Path
) -> None:
    run_json("brand", "set", "--name", 'Fern "& Co" \\', "--logo", logo)
    folder = tmp_path / "exported"
    exported = run("export", "--files", str(folder)).stdout
    file = folder / "authserver-as-code.toml"
    file.write_text(exported)
    run_json("brand", "remove")

    dry = run_json("apply", "-f", str(file), "--dry-run")
    done = run("apply", "-f", str(file)).stdout
    again = run_json("apply", "-f", str(file))

    assert dry == {
        "dry_run": True,
        "changes": [{"section": "brand", "name": "instance", "action": "create"}],
    }
    assert "DONE" in done
    assert again["changes"] == []
    assert run_json("export")["brand"]["name"] == 'Fern "& Co" \\'


@pytest.mark.parametrize("content", [b"brand = ", b"\xff", b"[brnd]\n", b"brand = 5\n"])
def test_a_file_that_cannot_be_applied_is_told_in_a_sentence(
    run: Run, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "x.toml"
    file.write_bytes(content)

    result = run("apply", "-f", str(file))

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.output


def test_toml_is_read_as_it_was_written() -> None:
    document = {
        "text": 'a "quote", a \\ and \x7f',
        "lines": 'one\n\ttwo\r\n"""three\n',
        "number": 5,
        "switch": True,
        "list": ["a", "b"],
        "empty": [],
        "table": {"a key with blanks": {"x": 1}, "y": {"z": "ä"}},
        "rows": [{"a": 1, "inner": {"b": 2}}, {"a": 2}],
    }

    assert tomllib.loads(toml_of(document)) == document
