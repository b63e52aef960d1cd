"""A stand-in for a learning platform that signs launches (LTI 1.3)."""

import json
import time

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
ISSUER, CLIENT = "https://moodle.example.edu", "client-1"


class Platform:
    """Moodle with one student in a course: it answers at /auth with a form that the browser posts, and at /keys with its keys."""

    def __init__(self) -> None:
        self.key, self.kid, self.claims, self.instead, self.asked = new_key(), "key-1", {}, None, []

    def __call__(self, path: str, query: dict) -> tuple[int, dict, str]:
        self.asked.append((path, query))
        if path == "/keys":
            return self.instead or (200, {}, self.keys())
        wanted = {"response_type": "id_token", "response_mode": "form_post", "prompt": "none", "scope": "openid", "client_id": CLIENT}
        assert wanted.items() <= query.items()
        return 200, {}, json.dumps({"id_token": self.launch(nonce=query["nonce"]), "state": query["state"]})

    def keys(self) -> str:
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return json.dumps({"keys": [public | {"kid": self.kid, "alg": "RS256", "use": "sig"}]})

    def launch(self, *, key: object = None, algorithm: str = "RS256", headers: dict | None = None, **changes: object) -> str:
        claims = claims_of(changes | self.claims)
        return jwt.encode(claims, key or self.key, algorithm, headers={"kid": self.kid} if headers is None else headers)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def claims_of(changes: dict) -> dict:
    """The claims of a student's launch; a change to None leaves one out."""
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "3",
        "iat": now,
        "exp": now + 60,
        "nonce": "n",
        f"{CLAIM}version": "1.3.0",
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}deployment_id": "4",
        f"{CLAIM}target_link_uri": "https://geo.example.org/hub",
        f"{CLAIM}resource_link": {"id": "1"},
        f"{CLAIM}roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        f"{CLAIM}context": {"id": "7", "label": "GEO-101"},
        f"{CLAIM}custom": {"uname": "ada"},
    }
    return {key: value for key, value in (claims | changes).items() if value is not None}
