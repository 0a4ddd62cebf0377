"""How secrets are compared: by their digests in the database, else in constant time."""

import ast

from tests.architecture.sources import SERVER, name_of, parsed, server_modules

OF_SECRETS = ("reveal", "fingerprint", "digest", "secret", "cookie_digest")


def is_of_secret(node: ast.expr) -> bool:
    """Tell whether an expression is a secret, or the digest of one."""
    if isinstance(node, ast.Call):
        return is_of_secret(node.func)
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    return name in OF_SECRETS


def is_letter_by_letter(node: ast.AST) -> bool:
    """Tell whether a node compares by `==` or `!=` what strangers may guess."""
    return (
        isinstance(node, ast.Compare)
        and any(isinstance(operator, ast.Eq | ast.NotEq) for operator in node.ops)
        and any(is_of_secret(side) for side in (node.left, *node.comparators))
    )


def test_no_secret_is_compared_letter_by_letter() -> None:
    # Statements of the storage compare in the database, where digests are looked up.
    modules = [path for path in server_modules() if SERVER / "storage" not in path.parents]

    found = [
        f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
        for path in modules
        for node in ast.walk(parsed(path))
        if is_letter_by_letter(node)
    ]

    assert found == []
    assert is_letter_by_letter(ast.parse("known.reveal() == given", mode="eval").body)
