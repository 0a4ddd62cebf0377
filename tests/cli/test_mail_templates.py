"""`authserver mail template`, `authserver mail preview`, and templates and senders as code."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, RunJson

ADA = "ada@example.com"
IN_ENGLISH = ("--usage-type", "SignIn", "--locale", "en")
IN_FRENCH = ("--usage-type", "SignIn", "--locale", "fr")
WORDS = {"subject": "{{code}} opens {{brand.name}}", "content": "Type {{code}} within {{minutes}}."}
APPLIED = """
[mail.aliyun]
accessKeyId = "LTAI-test"
accessKeySecretFile = "key.txt"
accountName = "noreply@mail.example.com"
fromAlias = "Example"

[[mail.templates]]
usageType = "SignIn"
language = "fr"
subject = "{{code}}"
content = "Votre code : {{code}}"

[[mail.templates]]
usageType = "Generic"
language = "en"
subject = "Your code"
content = "<p>It is <b>{{code}}</b>.</p>"
"""


def write(folder: Path, name: str, document: object) -> str:
    file = folder / name
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return str(file)


@pytest.fixture
def words(tmp_path: Path) -> str:
    return write(tmp_path, "words.json", WORDS)


def test_a_template_is_stored_shown_undone_and_removed(
    run: Run, run_json: RunJson, words: str, tmp_path: Path
) -> None:
    first = run_json("mail", "template", "set", *IN_ENGLISH, "--file", words)
    changed = write(tmp_path, "changed.json", WORDS | {"subject": "Sign in with {{code}}"})
    run_json("mail", "template", "set", *IN_ENGLISH, "--file", changed)

    undone = run_json("mail", "template", "undo", *IN_ENGLISH)
    listed = run_json("mail", "template", "list")
    run_json("mail", "template", "remove", *IN_ENGLISH)
    history = run_json("mail", "template", "history", *IN_ENGLISH)

    assert (first["version"], first["subject"]) == (1, WORDS["subject"])
    assert undone["subject"] == WORDS["subject"]
    assert [(each["usage_type"], each["version"]) for each in listed] == [("SignIn", 3)]
    assert [each["version"] for each in history] == [4, 3, 2, 1]
    assert history[0]["subject"] is None
    assert run_json("mail", "template", "list") == []
    assert run("mail", "template", "show", *IN_ENGLISH).exit_code == 1
    assert run_json("mail", "template", "undo", *IN_ENGLISH, "--to", "2")["subject"].startswith("S")
    assert "version 9" in run("mail", "template", "undo", *IN_ENGLISH, "--to", "9").stderr


def test_a_mail_leaves_by_the_template_of_its_language(
    run_json: RunJson, words: str, tmp_path: Path
) -> None:
    french = write(tmp_path, "fr.json", {"subject": "Votre code", "content": "C'est {{code}}."})
    run_json("mail", "template", "set", *IN_ENGLISH, "--file", words)
    run_json("mail", "template", "set", *IN_FRENCH, "--file", french)

    for locale in ("en", "fr", "de"):
        run_json("mail", "test", "--to", ADA, "--usage-type", "SignIn", "--locale", locale)

    subjects = [mail["subject"] for mail in run_json("mail", "outbox", "--to", ADA)]
    assert subjects[::-1] == [
        "[Test] 000000 opens authserver",
        "[Test] Votre code",
        "[Test] 000000 opens authserver",
    ]


def test_all_faults_of_a_template_are_told_together_at_their_lines(
    run: Run, tmp_path: Path
) -> None:
    faulty = {
        "subject": "{{cod}}" + "x" * 101,
        "content": "<p>Hello</p>\n<script>1</script>\n<a href='https://evil.example'>x</a>",
    }

    result = run(
        *("mail", "template", "set", "--usage-type", "SignUp", "--locale", "english!"),
        *("--file", write(tmp_path, "faulty.json", faulty)),
    )

    assert result.exit_code == 1
    for named in (
        "language: write a tag",
        "usageType: 'SignUp' is not known",
        "subject: must be at most 100",
        "did you mean 'code'",
        "content: must contain {{code}}",
        "content, line 2: <script> is not allowed",
        "content, line 3: a link must lead to the server's own address",
    ):
        assert named in result.stderr


@pytest.mark.parametrize("document", [{"subjet": "x"}, {"subject": 7, "content": None}, {}])
def test_a_document_that_is_no_template_is_refused(
    run: Run, tmp_path: Path, document: dict[str, object]
) -> None:
    file = write(tmp_path, "none.json", document)

    result = run("mail", "template", "set", *IN_ENGLISH, "--file", file)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_a_preview_shows_an_unsaved_template_and_sends_nothing(
    run: Run, run_json: RunJson, words: str, tmp_path: Path
) -> None:
    shown = run_json("mail", "preview", *IN_ENGLISH, "--file", words)
    built_in = run_json("mail", "preview", *IN_FRENCH)
    written = run("mail", "preview", *IN_ENGLISH, "--out", str(tmp_path / "preview"))

    assert shown["subject"] == "[Test] 000000 opens authserver"
    assert shown["text"] == "Type 000000 within 10.\n"
    assert "000000" in built_in["html"]
    assert written.exit_code == 0
    assert "000000" in (tmp_path / "preview" / "body.html").read_text()
    assert run_json("mail", "outbox") == []
    assert run_json("mail", "template", "list") == []


@pytest.mark.parametrize("usage_type", ["PasswordChanged", "AddressChanged", "NoAccount"])
def test_a_notice_can_be_previewed(run_json: RunJson, usage_type: str) -> None:
    shown = run_json("mail", "preview", "--usage-type", usage_type)

    assert shown["subject"].startswith("[Test] ")
    assert "000000" not in shown["text"]


def test_an_unsaved_template_is_sent_as_a_test_and_not_stored(
    run: Run, run_json: RunJson, words: str, tmp_path: Path
) -> None:
    run_json("mail", "test", "--to", ADA, *IN_ENGLISH, "--file", words)
    faulty = write(tmp_path, "faulty.json", WORDS | {"content": "no code"})

    refused = run("mail", "test", "--to", ADA, *IN_ENGLISH, "--file", faulty)

    [mail] = run_json("mail", "outbox", "--to", ADA)
    assert mail["subject"] == "[Test] 000000 opens authserver"
    assert refused.exit_code == 1
    assert run_json("mail", "template", "list") == []


def test_sender_and_templates_are_applied_once_and_exported_without_secrets(
    run: Run, run_json: RunJson, words: str, tmp_path: Path
) -> None:
    run_json("mail", "template", "set", *IN_ENGLISH, "--file", words)
    (tmp_path / "key.txt").write_text("the secret of the key\n")
    file = write(tmp_path, "all.toml", APPLIED)

    planned = run("apply", "-f", file, "--dry-run")
    untouched = run_json("mail", "template", "list")
    first = run("apply", "-f", file)
    exported = run("export").stdout
    again = run("apply", "-f", file)
    write(tmp_path, "exported.toml", exported)
    round_trip = run("apply", "-f", str(tmp_path / "exported.toml"), "--dry-run")

    assert planned.exit_code == 0, planned.output
    assert "template SignIn/en" in planned.stdout
    assert [each["language"] for each in untouched] == ["en"]
    assert first.exit_code == 0, first.output
    assert "the secret of the key" not in exported + first.stdout + planned.stdout
    assert "noreply@mail.example.com" in exported
    assert "template" not in again.stdout
    assert "template" not in round_trip.stdout
    assert "sender" not in round_trip.stdout
    assert [each["language"] for each in run_json("mail", "template", "list")] == ["en", "fr"]
    assert "the outbox sender is not in force" in run("mail", "outbox").stderr.lower()


def test_a_document_with_faults_changes_nothing(
    run: Run, run_json: RunJson, tmp_path: Path
) -> None:
    file = write(
        tmp_path,
        "faulty.toml",
        APPLIED.replace("{{code}}</b>", "{{cod}}</b>").replace("key.txt", "nowhere.txt"),
    )

    result = run("apply", "-f", file)

    assert result.exit_code == 1
    assert "Template 2: content" in result.stderr
    assert "nowhere.txt" in result.stderr
    assert run_json("mail", "template", "list") == []
