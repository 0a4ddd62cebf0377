"""Finding what a presented access token is stored under: opaque ones and JWTs alike."""

from dataclasses import dataclass

from authserver.crypto.jose import ACCESS_TOKEN_JWT, TokenInvalid, read_own_token
from authserver.domain.secret import fingerprint
from authserver.domain.tokens import digest_of_jti
from authserver.oidc.keys import ProviderKeys


@dataclass(frozen=True, slots=True)
class PresentedTokens:
    """Reads access tokens of this server."""

    keys: ProviderKeys
    issuer: str

    def digest(self, token: str) -> bytes:
        """Return the digest under which the token's row is found, if it is one of ours."""
        if token.count(".") != 2:  # noqa: PLR2004 - header, claims, signature (RFC 7519 §3)
            return fingerprint(token)
        try:
            claims = read_own_token(
                token, self.keys.load().published, issuer=self.issuer, typ=ACCESS_TOKEN_JWT
            )
        except TokenInvalid:
            return fingerprint(token)
        return digest_of_jti(str(claims.get("jti")))
