"""Get a token and read with it: all that an integration client needs of SMART Backend Services.

pip install joserfc httpx
python smart_client.py https://registry.example CLIENT_ID private-key.json
"""

import json
import sys
import time
import uuid
from pathlib import Path

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey

base, client_id, key_file = sys.argv[1:4]
key = ECKey.import_key(json.loads(Path(key_file).read_text()))  # with the kid as registered

configuration = httpx.get(f"{base}/fhir/.well-known/smart-configuration").json()
endpoint = configuration["token_endpoint"]
claims = {
    "iss": client_id,
    "sub": client_id,
    "aud": endpoint,  # to the letter
    "jti": str(uuid.uuid4()),  # new each time: an assertion is taken once
    "exp": int(time.time()) + 240,  # five minutes ahead at most
}
header = {"alg": "ES384", "kid": key.kid, "typ": "JWT"}
answer = httpx.post(
    endpoint,
    data={
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(header, claims, key, algorithms=["ES384"]),
        "scope": "system/Patient.rs system/Observation.rs",
    },
)
answer.raise_for_status()
token = answer.json()["access_token"]  # good for five minutes; ask again before it ends

found = httpx.get(
    f"{base}/fhir/Patient?_total=accurate", headers={"Authorization": f"Bearer {token}"}
)
found.raise_for_status()
print(answer.json()["scope"], "patients:", found.json()["total"])
