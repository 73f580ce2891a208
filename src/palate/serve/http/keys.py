"""Keys, over HTTP: listed, made, revoked by who has one with the role admin."""

from __future__ import annotations

from palate.serve.http.bodies import KeyBody
from palate.serve.http.operations import Call, Operation
from palate.serve.http.replies import KeyReply, KeysReply, NewKeyReply
from palate.serve.http.service import Service
from palate.serve.keys import Key
from palate.serve.refusals import NotFound


def listed(service: Service, call: Call) -> KeysReply:
    """What is known of every key."""
    return KeysReply(service.keyring.required, [_reply(key) for key in service.keyring.known()])


def create(service: Service, call: Call) -> NewKeyReply:
    """A new key, which is shown this once."""
    body: KeyBody = call.body
    secret, key = service.keyring.make(body.roles, body.label)
    return NewKeyReply(secret, _reply(key))


def revoke(service: Service, call: Call) -> KeyReply:
    """Refuse a key from now on."""
    if call.id not in {key.id for key in service.keyring.known()}:
        raise NotFound(f'there is no key "{call.id}"', where="key", next_step="see GET /v1/keys")
    return _reply(service.keyring.revoke(call.id))


def _reply(key: Key) -> KeyReply:
    return KeyReply(key.id, list(key.roles), key.label, key.created, key.revoked)


OPERATIONS = (
    Operation(
        "list_keys",
        "GET",
        "/v1/keys",
        "All keys: ids, roles and labels, never the keys themselves.",
        KeysReply,
        "admin",
        work=listed,
    ),
    Operation(
        "create_key",
        "POST",
        "/v1/keys",
        "Make a key. The answer has it, and nothing else ever does: the service keeps a digest.",
        NewKeyReply,
        "admin",
        work=create,
        body=KeyBody,
        status=201,
        example={"roles": ["read"], "label": "shop"},
    ),
    Operation(
        "revoke_key",
        "DELETE",
        "/v1/keys/{id}",
        "Refuse the key from now on; it stays on the list.",
        KeyReply,
        "admin",
        work=revoke,
        refusals=(404,),
    ),
)
