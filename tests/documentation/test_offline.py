"""What a page loads from elsewhere is found; a link that a reader may follow is none of it."""

from __future__ import annotations

from docs.making.offline import loaded_from_elsewhere


def test_what_is_loaded_from_elsewhere(tmp_path):
    (tmp_path / "a.html").write_text(
        '<link rel="stylesheet" href="https://fonts.example/x.css"><link rel="canonical" href="https://site.example/">'
        '<script src="//cdn.example/x.js"></script><a href="https://example.org">a link</a><img src="own.png">'
    )
    (tmp_path / "b.css").write_text(
        '@import "https://fonts.example/y.css"; a {background: url(own.png)} b {src: url("//f.example/z")}'
    )
    assert loaded_from_elsewhere(tmp_path) == [
        "a.html: https://fonts.example/x.css",
        "a.html: //cdn.example/x.js",
        "b.css: https://fonts.example/y.css",
        "b.css: //f.example/z",
    ]


def test_a_site_by_itself(tmp_path):
    (tmp_path / "a.html").write_text('<link rel="stylesheet" href="_static/x.css"><a href="https://example.org">a link</a>')
    assert loaded_from_elsewhere(tmp_path) == []
