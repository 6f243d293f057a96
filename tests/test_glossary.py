"""The notes are held to account: their sections exist, their names are the registered ones, their prose is short."""

import re

import pytest
from spec_sections import REGISTRIES, SPECIFICATIONS, heading

from flows.glossary import GLOSSARY, explain
from flows.glossary.tokens import VALUES
from flows.sections import label, link

EVERY_ENTRY = {(kind, name): entry for kind, entries in GLOSSARY.items() for name, entry in entries.items()}

REGISTRY_OF = {
    "authorization request": "oauth_parameters",
    "authorization response": "oauth_parameters",
    "token request": "oauth_parameters",
    "token response": "oauth_parameters",
    "token in the fragment": "oauth_parameters",
    "introspection request": "oauth_parameters",
    "revocation request": "oauth_parameters",
    "jose header": "jose_header_parameters",
    "claim": "jwt_claims",
    "confirmation method": "jwt_confirmation_methods",
    "error": "oauth_errors",
    "metadata": "authorization_server_metadata",
    "client authentication": "token_endpoint_auth_methods",
}

# For which messages a kind's names are registered, where those have other names: the fragment is an authorization
# response (RFC 6749 §4.2.2), and at /revoke a client proves who it is as it does at /token (RFC 7009 §2.1).
REGISTERED_FOR = {
    "token in the fragment": {"authorization response"},
    "revocation request": {"revocation request", "token request"},
}

# Names that are Snapbox's and PhotoPrint's own, or RFC 6750's for a token outside the header: no registry has them.
OURS = {
    "login form": {"username", "password", "csrf", "authorization_request"},
    "consent form": {"decision", "csrf", "authorization_request"},
    "photos request": {"access_token", "title"},
    "photos": {"photos", "id", "title", "taken", "image", "error", "error_description", "error_uri"},
    "cookie": {"snapbox_session", "photoprint_session"},
}

# Names that specifications define, in registries that our selection leaves out.
REGISTERED_ELSEWHERE = {
    "method", "status", "header", "authorization scheme", "challenge", "cookie attribute", "jwk", "value",
    "introspection response",
}  # fmt: skip


@pytest.mark.parametrize("citation", sorted({entry.spec for entry in EVERY_ENTRY.values()}))
def test_cited_section_exists_and_has_an_address(citation: str) -> None:
    assert heading(citation)
    assert link(citation).startswith("https://")
    assert label(citation)


def test_no_note_is_longer_than_240_characters() -> None:
    assert {where: entry.says for where, entry in EVERY_ENTRY.items() if len(entry.says) > 240} == {}


def test_no_note_holds_an_exclamation_mark() -> None:
    assert {where: entry.says for where, entry in EVERY_ENTRY.items() if "!" in entry.says} == {}


def test_every_note_is_made_of_whole_sentences() -> None:
    whole = re.compile(r"[A-Z`].*[.?]")
    assert {where: entry.says for where, entry in EVERY_ENTRY.items() if not whole.fullmatch(entry.says)} == {}


def test_every_backtick_in_a_note_is_closed_and_no_word_runs_into_the_next() -> None:
    broken = re.compile(r"  |[.,;:?][A-Za-z]|^[^`]*(`[^`]*`[^`]*)*`[^`]*$")
    prose = {where: re.sub(r"`[^`]+`", "name", entry.says) for where, entry in EVERY_ENTRY.items()}
    assert {where: says for where, says in prose.items() if broken.search(says)} == {}


def test_section_that_a_note_names_in_its_prose_exists() -> None:
    prose = " ".join(entry.says for entry in EVERY_ENTRY.values())
    named = re.findall(r"RFC (\d+) §(\d+(?:\.\d+)*)", prose)
    assert len(named) == prose.count("§")
    assert all(heading(f"{rfc}#section-{section}") for rfc, section in named)


@pytest.mark.parametrize("kind", REGISTRY_OF)
def test_every_name_is_spelled_as_in_its_registry(kind: str) -> None:
    registered = {entry["name"] for entry in REGISTRIES[REGISTRY_OF[kind]]}
    assert set(GLOSSARY[kind]) <= registered


@pytest.mark.parametrize("kind", [kind for kind, registry in REGISTRY_OF.items() if registry == "oauth_parameters"])
def test_every_parameter_is_registered_for_its_message(kind: str) -> None:
    location = {entry["name"]: entry["location"] for entry in REGISTRIES["oauth_parameters"]}
    wanted = REGISTERED_FOR.get(kind, {kind})
    assert [name for name in GLOSSARY[kind] if not wanted & set(location[name])] == []


@pytest.mark.parametrize("kind", OURS)
def test_names_of_our_own_are_listed(kind: str) -> None:
    assert set(GLOSSARY[kind]) == OURS[kind]


def test_every_kind_is_registered_or_ours_or_registered_elsewhere() -> None:
    assert set(GLOSSARY) == set(REGISTRY_OF) | set(OURS) | REGISTERED_ELSEWHERE


def test_every_value_belongs_to_a_name_that_is_explained() -> None:
    names = {name for kind, entries in GLOSSARY.items() if kind != "value" for name in entries}
    assert [value for value in GLOSSARY["value"] if value.partition("=")[0] not in names] == []


MEMBER_OF = {"JWS alg": "alg", "JWE alg": "alg", "JWE enc": "enc"}  # use of an algorithm → what it is the value of
REGISTERED = {
    ("jose header", "jose_header_parameters"): [each["name"] for each in REGISTRIES["jose_header_parameters"]],
    ("claim", "jwt_claims"): [each["name"] for each in REGISTRIES["jwt_claims"]],
    ("confirmation method", "jwt_confirmation_methods"): [
        each["name"] for each in REGISTRIES["jwt_confirmation_methods"]
    ],
    ("value", "jose_algorithms"): [
        f"{MEMBER_OF[each['use']]}={each['name']}" for each in REGISTRIES["jose_algorithms"]
    ],
    # The registries that we keep have no members of keys; each has a section named after it, in those that define them.
    ("jwk", "headings"): [
        found[1]
        for spec, within in (("7517", r"4\.|5\.1"), ("7518", r"6\.[234]\."))
        for section, title in SPECIFICATIONS[spec]["sections"].items()
        if re.match(within, section) and (found := re.match(r'"(\S+)" ', title))
    ],
}


@pytest.mark.parametrize(("kind", "registry"), REGISTERED)
def test_every_registered_name_has_a_note_and_a_short_form(kind: str, registry: str) -> None:
    names = REGISTERED[kind, registry]
    assert len(names) > 5
    assert [name for name in names if not (entry := explain(kind, name)) or not entry.short] == []


def test_every_name_of_a_token_has_a_short_form() -> None:
    kinds = ("jose header", "claim", "confirmation method", "jwk")
    lacking = [(kind, name) for kind in kinds for name, entry in GLOSSARY[kind].items() if not entry.short]
    assert lacking + [name for name, entry in VALUES.items() if not entry.short] == []


def test_no_short_form_is_longer_than_32_characters_or_a_sentence() -> None:
    short = {where: entry.short for where, entry in EVERY_ENTRY.items() if entry.short}
    assert {where: words for where, words in short.items() if len(words) > 32 or words.endswith(".")} == {}


def test_every_algorithm_that_is_explained_is_spelled_as_in_its_registry() -> None:
    explained = {name for name in VALUES if name.startswith(("alg=", "enc="))}
    assert explained == set(REGISTERED["value", "jose_algorithms"])


@pytest.mark.parametrize("value", ["typ=at+jwt", "typ=AT+JWT", "typ=application/at+jwt"])
def test_type_is_found_in_any_case_and_with_its_whole_name(value: str) -> None:
    assert explain("value", value) is VALUES["typ=at+jwt"]


def test_algorithm_is_found_only_as_it_is_spelled() -> None:
    assert explain("value", "alg=none") is VALUES["alg=none"]
    assert explain("value", "alg=None") is None


@pytest.mark.parametrize(
    ("kind", "sent", "written"),
    [
        ("header", "content-type", "Content-Type"),
        ("header", "WWW-AUTHENTICATE", "WWW-Authenticate"),
        ("authorization scheme", "bearer", "Bearer"),
        ("challenge", "Realm", "realm"),
        ("cookie attribute", "httponly", "HttpOnly"),
    ],
)
def test_http_names_are_found_in_any_case(kind: str, sent: str, written: str) -> None:
    assert explain(kind, sent) is GLOSSARY[kind][written]


@pytest.mark.parametrize("name", ["Code_Verifier", "CODE_VERIFIER"])
def test_oauth_names_are_found_only_as_they_are_spelled(name: str) -> None:
    assert explain("token request", "code_verifier")
    assert explain("token request", name) is None


@pytest.mark.parametrize(("kind", "name"), [("header", "X-Unheard-Of"), ("claim", "unheard_of"), ("no kind", "code")])
def test_unknown_name_has_no_note(kind: str, name: str) -> None:
    assert explain(kind, name) is None


def test_tokens_from_elsewhere_are_explained_without_naming_our_parties() -> None:
    kinds = ("jose header", "claim", "confirmation method", "jwk", "metadata")
    entries = [entry for kind in kinds for entry in GLOSSARY[kind].values()] + list(VALUES.values())
    notes = [text for entry in entries for text in (entry.says, entry.short)]
    assert [note for note in notes if re.search(r"Alice|Snapbox|PhotoPrint", note)] == []


# What an access token says of these is narrower than what the registry's section does (RFC 9068 §2.2).
NARROWER = {"scope", "client_id"}


@pytest.mark.parametrize(
    ("kind", "registry"),
    [
        ("claim", "jwt_claims"),
        ("jose header", "jose_header_parameters"),
        ("confirmation method", "jwt_confirmation_methods"),
    ],
)
def test_registered_name_cites_the_section_that_the_registry_names(kind: str, registry: str) -> None:
    for each in REGISTRIES[registry]:
        sections = {f"{found['spec']}#section-{found['section']}" for found in each["reference"]}
        entry = explain(kind, each["name"])
        assert entry
        assert entry.spec in sections or each["name"] in NARROWER, each["name"]
