"""Pages and their assets: which paths answer, under which policy, packed how, and who may frame them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from clew.api.packing import LEAST_BYTES, takes
from clew.api.pages import VIEWS

SCRIPT = "assets/index-Ab12.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A build of the pages, as vite leaves it."""
    files = {
        "index.html": b"<!doctype html><title>explorer</title>",
        "graphiql.html": b"<!doctype html><title>graphiql</title>",
        "licenses.md": b"# Licenses",
        SCRIPT: b"let plain",
        f"{SCRIPT}.gz": gzip.compress(b"let plain"),
        f"{SCRIPT}.br": b"let brotli",
        "assets/style-Cd34.css": b"a {}",
    }
    for name, content in files.items():
        path = tmp_path / "dist" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "dist/assets/out.js").symlink_to(tmp_path / "secret.txt")
    return tmp_path / "dist"


@pytest.fixture
def pages(asker_with: Any, built: Path) -> Any:
    return asker_with(pages=built)


@pytest.mark.parametrize("path", ["/", *(f"/{view}" for view in VIEWS), "/artifacts/12", "/runs/a/b?x=1", "/explorer/"])
def test_every_view_and_what_is_under_it_is_the_explorer_never_kept_unasked(pages: Any, path: str) -> None:
    answer = pages.request("GET", path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "explorer" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_graphiql_is_the_page_of_graphql(pages: Any) -> None:
    assert "graphiql" in pages.request("GET", "/graphql").text
    assert pages.post("{ seq }").json()["data"].keys() == {"seq"}


@pytest.mark.parametrize(
    "path",
    [
        "/artifact", "/artifactsx", "/Artifacts", "/index.html", "/graphiql.html", "/assets/", "/assets/none.js",
        "/assets/out.js", "/assets/%2e%2e/index.html", "/assets/..%2f..%2fsecret.txt", "/assets/%2fetc%2fpasswd",
        "/assets/a%00b", "/assets/" + "x" * 5000, "/favicon.ico", "/graphiql/plain.html", "/graphiql/..%2ffront.html",
    ],
)  # fmt: skip
def test_no_other_path_falls_back_to_a_page(pages: Any, path: str) -> None:
    answer = pages.request("GET", path)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NOT_FOUND"


def test_pages_take_no_posts_and_answer_heads(pages: Any) -> None:
    assert pages.request("POST", "/artifacts").status_code == 405
    head = pages.request("HEAD", "/artifacts")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br, zstd", "br", b"let brotli"),
        ("gzip", "gzip", b"let plain"),
        ("br;q=0, gzip;q=0.5", "gzip", b"let plain"),
        ("identity", None, b"let plain"),
    ],
)
def test_assets_come_packed_as_the_browser_takes_them_and_are_kept_for_ever(
    pages: Any, accepted: str, encoding: str | None, content: bytes
) -> None:
    answer = pages.request("GET", f"/{SCRIPT}", headers={"accept-encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert encoding == "br" or answer.content == content
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "accept-encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_asset_without_a_packed_copy_comes_as_it_is(pages: Any) -> None:
    answer = pages.request("GET", "/assets/style-Cd34.css", headers={"accept-encoding": "br, gzip"})
    assert (answer.text, answer.headers.get("content-encoding")) == ("a {}", None)


def test_what_the_browser_has_is_not_sent_again_but_its_policy_is(pages: Any) -> None:
    first = pages.request("GET", "/")
    again = pages.request("GET", "/", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == first.headers["content-security-policy"]
    assert again.headers["x-frame-options"] == "DENY"


def test_pages_need_no_token_and_data_does(asker_with: Any, built: Path) -> None:
    asker = asker_with(pages=built, token="t")
    paths = ("/", "/runs/7", "/graphql", f"/{SCRIPT}", "/licenses.md")
    assert [asker.request(method, path).status_code for path in paths for method in ("GET", "HEAD")] == [200] * 10
    assert asker.post("{ seq }").status_code == 401
    assert asker.request("GET", "/none").status_code == 401
    assert asker.request("POST", "/runs").status_code == 401


@pytest.mark.parametrize("path", ["/", "/artifacts/1", "/graphql"])
def test_a_page_loads_and_runs_what_the_server_itself_sends_only(pages: Any, path: str) -> None:
    policy = _policy(pages.request("GET", path))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["worker-src"] == "'self'"
    assert policy["base-uri"] == policy["form-action"] == "'none'"
    assert not any("http" in sources or "*" in sources or "eval" in sources for sources in policy.values())


def test_only_the_explorer_may_show_frames_and_none_that_come_from_elsewhere(pages: Any) -> None:
    assert _policy(pages.request("GET", "/"))["frame-src"] == "'self' data: blob:"
    assert "frame-src" not in _policy(pages.request("GET", "/graphql"))


def test_nobody_may_frame_a_page_unless_allowed(pages: Any, asker_with: Any, built: Path) -> None:
    alone = pages.request("GET", "/")
    assert (_policy(alone)["frame-ancestors"], alone.headers["x-frame-options"]) == ("'none'", "DENY")
    allowing = asker_with(pages=built, embed_from=("https://kubeflow.example", "https://b.example:8443"))
    for path in ("/", "/runs", "/graphql"):
        framed = allowing.request("GET", path)
        assert _policy(framed)["frame-ancestors"] == "https://kubeflow.example https://b.example:8443"
        assert "x-frame-options" not in framed.headers
    assert allowing.post("{ seq }").headers["x-frame-options"] == "DENY"


def test_where_the_pages_are_not_built_a_sign_says_how(asker_with: Any, tmp_path: Path) -> None:
    asker = asker_with(pages=tmp_path / "nothing")
    sign = asker.request("GET", "/")
    assert (sign.status_code, "make setup" in sign.text) == (200, True)
    assert asker.request("GET", "/artifacts").status_code == 404
    assert "make setup" in asker.request("GET", "/artifacts").text
    assert "plain page" in asker.request("GET", "/graphql").text
    assert asker.request("GET", "/graphiql/plain.js").status_code == 200


def test_large_answers_are_packed_for_who_asks_from_elsewhere(asker: Any) -> None:
    large = "{ __schema { types { name description } } }"
    plain = asker.post(large, headers={"accept-encoding": "identity"})
    packed = asker.post(large, headers={"accept-encoding": "gzip", "x-forwarded-for": "10.0.0.1"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.json() == plain.json()
    assert int(packed.headers["content-length"]) * 2 < int(plain.headers["content-length"])
    near = asker.post(large, headers={"accept-encoding": "gzip"})
    small = asker.post("{ seq }", headers={"accept-encoding": "gzip", "x-forwarded-for": "10.0.0.1"})
    assert "content-encoding" not in near.headers
    assert ("content-encoding" in small.headers, len(small.content) < LEAST_BYTES) == (False, True)


@pytest.mark.parametrize(
    ("header", "takes_it"),
    [
        ("gzip", True),
        ("br, GZIP;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("", False),
        ("x-gzip", False),
    ],
)
def test_an_encoding_is_taken_where_it_is_named_and_not_refused(header: str, takes_it: bool) -> None:
    assert takes(header, "gzip") is takes_it


def _policy(answer: Any) -> dict[str, str]:
    parts = [
        (part.split(" ", 1)[0], part.split(" ", 1)[1]) for part in answer.headers["content-security-policy"].split("; ")
    ]
    return dict(parts)
